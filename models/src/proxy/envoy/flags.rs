//! Response flags, as access logs print them. Who sets which flag is the business of the filters,
//! the router and the connection manager.

use std::fmt;

use serde::{Serialize, Serializer};

/// Why a response is not simply what the upstream sent.
///
/// Source: Envoy, "Access logging", `%RESPONSE_FLAGS%`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum ResponseFlag {
    /// `UH`: no healthy host.
    NoHealthyUpstream = 1,
    /// `UT`: the request timed out.
    UpstreamRequestTimeout,
    /// `LR`: the proxy reset the stream.
    LocalReset,
    /// `UR`: the upstream reset the stream.
    UpstreamRemoteReset,
    /// `UF`: no connection could be made.
    UpstreamConnectionFailure,
    /// `UC`: the connection was closed.
    UpstreamConnectionTermination,
    /// `UO`: a circuit breaker is open.
    UpstreamOverflow,
    /// `NR`: no route, or no filter chain.
    NoRouteFound,
    /// `DI`: a delay was injected.
    DelayInjected,
    /// `FI`: an abort was injected.
    FaultInjected,
    /// `RL`: a rate limit rejected the request.
    RateLimited,
    /// `UAEX`: the external authorization service denied it.
    UnauthorizedExternalService,
    /// `RLSE`: the rate limit service failed.
    RateLimitServiceError,
    /// `DC`: the client went away.
    DownstreamConnectionTermination,
    /// `URX`: the limit of retries, or of connection attempts, was reached.
    UpstreamRetryLimitExceeded,
    /// `SI`: the stream was silent for too long.
    StreamIdleTimeout,
    /// `IH`: an `x-envoy-*` header has a value that cannot be.
    InvalidEnvoyRequestHeaders,
    /// `DPE`: the client broke the protocol.
    DownstreamProtocolError,
    /// `UMSDR`: the longest time of a stream was reached.
    UpstreamMaxStreamDurationReached,
    /// `NFCF`: a filter's configuration is missing.
    NoFilterConfigFound,
    /// `DT`: the connection lived too long.
    DurationTimeout,
    /// `UPE`: the upstream broke the protocol.
    UpstreamProtocolError,
    /// `NC`: no such cluster.
    NoClusterFound,
}

impl ResponseFlag {
    /// Every flag.
    pub const ALL: [Self; 23] = [
        Self::NoHealthyUpstream,
        Self::UpstreamRequestTimeout,
        Self::LocalReset,
        Self::UpstreamRemoteReset,
        Self::UpstreamConnectionFailure,
        Self::UpstreamConnectionTermination,
        Self::UpstreamOverflow,
        Self::NoRouteFound,
        Self::DelayInjected,
        Self::FaultInjected,
        Self::RateLimited,
        Self::UnauthorizedExternalService,
        Self::RateLimitServiceError,
        Self::DownstreamConnectionTermination,
        Self::UpstreamRetryLimitExceeded,
        Self::StreamIdleTimeout,
        Self::InvalidEnvoyRequestHeaders,
        Self::DownstreamProtocolError,
        Self::UpstreamMaxStreamDurationReached,
        Self::NoFilterConfigFound,
        Self::DurationTimeout,
        Self::UpstreamProtocolError,
        Self::NoClusterFound,
    ];

    /// As access logs print it.
    #[must_use]
    pub const fn short(self) -> &'static str {
        match self {
            Self::NoHealthyUpstream => "UH",
            Self::UpstreamRequestTimeout => "UT",
            Self::LocalReset => "LR",
            Self::UpstreamRemoteReset => "UR",
            Self::UpstreamConnectionFailure => "UF",
            Self::UpstreamConnectionTermination => "UC",
            Self::UpstreamOverflow => "UO",
            Self::NoRouteFound => "NR",
            Self::DelayInjected => "DI",
            Self::FaultInjected => "FI",
            Self::RateLimited => "RL",
            Self::UnauthorizedExternalService => "UAEX",
            Self::RateLimitServiceError => "RLSE",
            Self::DownstreamConnectionTermination => "DC",
            Self::UpstreamRetryLimitExceeded => "URX",
            Self::StreamIdleTimeout => "SI",
            Self::InvalidEnvoyRequestHeaders => "IH",
            Self::DownstreamProtocolError => "DPE",
            Self::UpstreamMaxStreamDurationReached => "UMSDR",
            Self::NoFilterConfigFound => "NFCF",
            Self::DurationTimeout => "DT",
            Self::UpstreamProtocolError => "UPE",
            Self::NoClusterFound => "NC",
        }
    }
}

/// The bits of one place in [`ResponseFlags`]; a place holds a flag's number, zero is free.
const PLACE_BITS: u32 = 5;

/// A set of flags in the order in which they were set, which is the order in which Envoy prints
/// them (`StreamInfoImpl::setResponseFlag`).
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct ResponseFlags {
    /// One place after the other, the first flag lowest. All flags at once fill 115 bits.
    places: u128,
}

impl ResponseFlags {
    /// No flag.
    pub const NONE: Self = Self { places: 0 };

    /// One flag.
    #[must_use]
    pub const fn of(flag: ResponseFlag) -> Self {
        Self { places: flag as u128 }
    }

    /// Adds a flag behind the others, unless it is there.
    pub fn set(&mut self, flag: ResponseFlag) {
        if !self.has(flag) {
            let used = u128::BITS - self.places.leading_zeros();
            self.places |= (flag as u128) << used.next_multiple_of(PLACE_BITS);
        }
    }

    /// Adds the flags of `other` behind those that are there.
    pub fn extend(&mut self, other: Self) {
        other.iter().for_each(|flag| self.set(flag));
    }

    /// Whether a flag is set.
    #[must_use]
    pub fn has(self, flag: ResponseFlag) -> bool {
        self.iter().any(|known| known == flag)
    }

    /// Whether none is set.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.places == 0
    }

    /// The flags in the order in which they were set.
    pub fn iter(self) -> impl Iterator<Item = ResponseFlag> {
        let places = std::iter::successors(Some(self.places), |places| Some(places >> PLACE_BITS));
        places.take_while(|&places| places != 0).filter_map(|places| {
            let number = (places & ((1 << PLACE_BITS) - 1)) as usize;
            ResponseFlag::ALL.get(number.wrapping_sub(1)).copied()
        })
    }
}

impl FromIterator<ResponseFlag> for ResponseFlags {
    fn from_iter<I: IntoIterator<Item = ResponseFlag>>(flags: I) -> Self {
        let mut set = Self::NONE;
        flags.into_iter().for_each(|flag| set.set(flag));
        set
    }
}

/// As Envoy prints them: joined with commas, `-` for none.
impl fmt::Display for ResponseFlags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return f.write_str("-");
        }
        for (index, flag) in self.iter().enumerate() {
            if index > 0 {
                f.write_str(",")?;
            }
            f.write_str(flag.short())?;
        }
        Ok(())
    }
}

impl fmt::Debug for ResponseFlags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for ResponseFlags {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_are_printed_in_the_order_in_which_they_were_set() {
        let mut flags = ResponseFlags::NONE;
        assert_eq!(flags.to_string(), "-");
        flags.set(ResponseFlag::UpstreamRetryLimitExceeded);
        flags.set(ResponseFlag::UpstreamRequestTimeout);
        flags.set(ResponseFlag::UpstreamRetryLimitExceeded);
        assert_eq!(flags.to_string(), "URX,UT");
    }

    #[test]
    fn all_flags_fit_into_one_set_and_none_is_lost() {
        let all: ResponseFlags = ResponseFlag::ALL.into_iter().collect();
        assert!(all.iter().eq(ResponseFlag::ALL));
        assert!(ResponseFlag::ALL.into_iter().all(|flag| all.has(flag)));
    }

    #[test]
    fn every_flag_stands_at_its_number() {
        for (index, flag) in ResponseFlag::ALL.into_iter().enumerate() {
            assert_eq!(flag as usize, index + 1);
        }
    }
}
