//! How a call ended: status, response flags and details, each for itself, as access logs have
//! them. Why a proxy sets which is its own business.

use std::fmt;

use meshwalk_models::proxy::envoy::{ResponseFlag, ResponseFlags};

use super::Tally;

/// How a call ended, as its caller saw it. Eight bytes, because every call under way carries one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ending {
    /// The HTTP status; zero where no answer came. gRPC's status is told as the HTTP status that
    /// it stands for.
    pub status: u16,
    /// What happened, in a word.
    pub details: Details,
    /// What the caller's proxy has to say, if there is one.
    pub flags: Flags,
}

/// The first of the statuses that count as failures.
const FIRST_FAILURE: u16 = 500;

impl Ending {
    /// An answer of an application, no proxy in between.
    #[must_use]
    pub const fn answered(status: u16) -> Self {
        Self { status, details: Details::ANSWERED, flags: Flags::NONE }
    }

    /// No answer, for a reason that no proxy gave.
    #[must_use]
    pub const fn without_answer(details: Details) -> Self {
        Self { status: 0, details, flags: Flags::NONE }
    }

    /// Whether an answer came.
    #[must_use]
    pub const fn is_answer(self) -> bool {
        self.status != 0
    }

    /// Whether the caller counts it as success: any answer below 500.
    #[must_use]
    pub const fn is_success(self) -> bool {
        self.is_answer() && self.status < FIRST_FAILURE
    }

    /// Whether it is a good answer, with a whole body: below 400.
    #[must_use]
    pub const fn is_good(self) -> bool {
        self.is_answer() && self.status < 400
    }

    /// The status as text; `none` where no answer came.
    #[must_use]
    pub fn status_text(self) -> String {
        if self.is_answer() { self.status.to_string() } else { "none".to_owned() }
    }

    /// One number for the state hash.
    #[must_use]
    pub(crate) const fn hashed(self) -> u64 {
        (self.status as u64) << 48 | (self.details.0 as u64) << 32 | self.flags.0 as u64
    }
}

/// `200`, or `503 UF,URX connection_refused` where there is more to say.
impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_answer() {
            write!(f, "{}", self.status)?;
        } else {
            f.write_str("no answer")?;
        }
        if self.flags != Flags::NONE {
            write!(f, " {}", self.flags)?;
        }
        if self.details != Details::ANSWERED && self.details != Details::VIA_UPSTREAM {
            write!(f, " {}", self.details.name())?;
        }
        Ok(())
    }
}

/// What happened, in a word: Envoy's response code details, and words of our own where no Envoy
/// is on the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Details(u16);

/// Our own words come first and last, since their numbers must not change; between them stand Envoy's (`source/common/stream_info`, `ResponseCodeDetails`).
const NAMES: [&str; 55] = [
    "answered",
    "queue_full",
    "caller_timeout",
    "connection_refused",
    "connect_failure",
    "name_not_resolved",
    "no_endpoint",
    "no_ingress_rule",
    "other",
    "via_upstream",
    "route_not_found",
    "cluster_not_found",
    "no_healthy_upstream",
    "maintenance_mode",
    "direct_response",
    "response_timeout",
    "upstream_response_timeout",
    "upstream_per_try_timeout",
    "upstream_per_try_idle_timeout",
    "stream_idle_timeout",
    "request_overall_timeout",
    "max_duration_timeout",
    "upstream_max_stream_duration_reached",
    "upstream_overflow",
    "overload",
    "downstream_remote_disconnect",
    "downstream_local_disconnect",
    "fault_filter_abort",
    "rbac_access_denied",
    "local_rate_limited",
    "cors_response",
    "internal_redirect",
    "path_normalization_failed",
    "request_headers_failed_strict_check",
    "upstream_reset_before_response_started",
    "upstream_reset_before_response_started{connection_failure}",
    "upstream_reset_before_response_started{connection_timeout}",
    "upstream_reset_before_response_started{connection_termination}",
    "upstream_reset_before_response_started{remote_reset}",
    "upstream_reset_before_response_started{local_reset}",
    "upstream_reset_before_response_started{overflow}",
    "upstream_reset_before_response_started{protocol_error}",
    "upstream_reset_before_response_started{remote_connection_failure}",
    "upstream_reset_before_response_started{local_connection_failure}",
    "upstream_reset_after_response_started",
    "filter_chain_not_found",
    "connect_timeout",
    "connection_reset",
    "jwt_authn_access_denied",
    "ext_authz_denied",
    "ext_authz_error",
    "upstream_reset_before_response_started{remote_connection_failure|delayed_connect_error:_Connection_refused}",
    "upstream_reset_before_response_started{remote_connection_failure|delayed_connect_error:_Connection_reset_by_peer}",
    "name_servers_silent",
    "rbac_access_denied_matched_policy",
];

impl Details {
    /// Whether nobody was dialled, since no address was found.
    #[must_use]
    pub const fn is_without_address(self) -> bool {
        self.0 == Self::NAME_NOT_RESOLVED.0 || self.0 == Self::NAME_SERVERS_SILENT.0
    }

    /// Whether a policy on who may call, or a token, ended it.
    #[must_use]
    pub fn is_of_policy(self) -> bool {
        matches!(
            self.name(),
            "rbac_access_denied"
                | "jwt_authn_access_denied"
                | "ext_authz_denied"
                | "ext_authz_error"
        )
    }

    /// The application answered, no proxy in between.
    pub const ANSWERED: Self = Self(0);
    /// The pod's queue was full.
    pub const QUEUE_FULL: Self = Self(1);
    /// The caller gave up.
    pub const CALLER_TIMEOUT: Self = Self(2);
    /// Nobody listens.
    pub const CONNECTION_REFUSED: Self = Self(3);
    /// The connection could not be made.
    pub const CONNECT_FAILURE: Self = Self(4);
    /// The name does not resolve, or the port does not exist.
    pub const NAME_NOT_RESOLVED: Self = Self(5);
    /// No name server answered.
    pub const NAME_SERVERS_SILENT: Self = Self(53);
    /// The gateway at the edge knows nobody who is ready.
    pub const NO_ENDPOINT: Self = Self(6);
    /// No Ingress rule takes the request.
    pub const NO_INGRESS_RULE: Self = Self(7);
    /// A word that is not in the list.
    pub const OTHER: Self = Self(8);
    /// The upstream answered.
    pub const VIA_UPSTREAM: Self = Self(9);
    /// The cluster has no host that may be used.
    pub const NO_HEALTHY_UPSTREAM: Self = Self(12);

    /// Nobody answered the SYN.
    pub const CONNECT_TIMEOUT: Self = Self(46);
    /// The server's side closed the connection.
    pub const CONNECTION_RESET: Self = Self(47);

    /// The word.
    #[must_use]
    pub fn name(self) -> &'static str {
        NAMES.get(usize::from(self.0)).copied().unwrap_or("other")
    }

    /// The details with this word; [`Details::OTHER`] if it is not in the list.
    #[must_use]
    pub fn of_name(name: &str) -> Self {
        let row = NAMES.iter().position(|known| *known == name);
        row.map_or(Self::OTHER, |row| Self(row as u16))
    }
}

/// How many flags one ending can have; a stream sets no more than four.
const PLACES: u32 = 6;
/// The bits of a place.
const PLACE_BITS: u32 = 5;

/// Response flags in the order in which they were set, packed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Flags(u32);

impl Flags {
    /// No flag.
    pub const NONE: Self = Self(0);

    /// One flag.
    #[must_use]
    pub const fn of(flag: ResponseFlag) -> Self {
        Self(flag as u32)
    }

    /// The flags in the order in which they were set.
    pub fn iter(self) -> impl Iterator<Item = ResponseFlag> {
        (0..PLACES).filter_map(move |place| {
            let number = (self.0 >> (place * PLACE_BITS)) & ((1 << PLACE_BITS) - 1);
            ResponseFlag::ALL.get((number as usize).wrapping_sub(1)).copied()
        })
    }
}

impl From<ResponseFlags> for Flags {
    fn from(flags: ResponseFlags) -> Self {
        let places = flags.iter().take(PLACES as usize).zip(0..);
        Self(places.fold(0, |packed, (flag, place)| packed | (flag as u32) << (place * PLACE_BITS)))
    }
}

/// As access logs print them: joined with commas, `-` for none.
impl fmt::Display for Flags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Self::NONE {
            return f.write_str("-");
        }
        for (place, flag) in self.iter().enumerate() {
            let comma = if place > 0 { "," } else { "" };
            write!(f, "{comma}{}", flag.short())?;
        }
        Ok(())
    }
}

impl fmt::Debug for Flags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// How often each ending occurred.
pub type Endings = Tally<Ending>;

impl Endings {
    /// How often endings occurred that `wanted` takes.
    pub fn having(&self, wanted: impl Fn(Ending) -> bool) -> u64 {
        self.iter().filter(|(ending, _)| wanted(*ending)).map(|(_, count)| count).sum()
    }

    /// Those that count as success.
    #[must_use]
    pub fn successes(&self) -> u64 {
        self.having(Ending::is_success)
    }

    /// Good answers, below 400.
    #[must_use]
    pub fn good(&self) -> u64 {
        self.having(Ending::is_good)
    }

    /// How often exactly this one occurred.
    #[must_use]
    pub fn of(&self, ending: Ending) -> u64 {
        self.having(|known| known == ending)
    }

    /// How often calls ended with this flag among others.
    #[must_use]
    pub fn with_flag(&self, flag: ResponseFlag) -> u64 {
        self.having(|ending| ending.flags.iter().any(|known| known == flag))
    }

    /// How often calls ended with this status; zero for no answer.
    #[must_use]
    pub fn with_status(&self, status: u16) -> u64 {
        self.having(|ending| ending.status == status)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ending_reads_as_a_line_of_an_access_log() {
        let flags: ResponseFlags =
            [ResponseFlag::UpstreamConnectionFailure, ResponseFlag::UpstreamRetryLimitExceeded]
                .into_iter()
                .collect();
        let details =
            Details::of_name("upstream_reset_before_response_started{connection_failure}");
        let ending = Ending { status: 503, details, flags: flags.into() };
        assert_eq!(
            ending.to_string(),
            "503 UF,URX upstream_reset_before_response_started{connection_failure}"
        );
        assert_eq!(Ending::answered(200).to_string(), "200");
        assert_eq!(
            Ending::without_answer(Details::CALLER_TIMEOUT).to_string(),
            "no answer caller_timeout"
        );
    }

    #[test]
    fn every_word_is_found_again_and_unknown_ones_are_admitted() {
        for (row, name) in NAMES.iter().enumerate() {
            assert_eq!(Details::of_name(name), Details(row as u16), "{name} stands twice");
        }
        assert_eq!(Details::of_name("never heard"), Details::OTHER);
        assert_eq!(Details::OTHER.name(), "other");
        assert_eq!(Details::VIA_UPSTREAM.name(), "via_upstream");
        assert_eq!(Details::NO_HEALTHY_UPSTREAM.name(), "no_healthy_upstream");
        assert_eq!(Details::CONNECT_TIMEOUT.name(), "connect_timeout");
        assert_eq!(Details::CONNECTION_RESET.name(), "connection_reset");
    }

    #[test]
    fn no_answer_is_no_success_and_a_client_error_is_one() {
        let success = |status| Ending::answered(status).is_success();
        assert_eq!([200, 404, 499, 500, 503].map(success), [true, true, true, false, false]);
        assert!(!Ending::without_answer(Details::CALLER_TIMEOUT).is_success());
    }

    #[test]
    fn equal_endings_are_counted_together() {
        let mut endings = Endings::default();
        endings.count(Ending::answered(200));
        endings.count(Ending::answered(503));
        endings.count(Ending::answered(200));
        assert_eq!((endings.total(), endings.successes()), (3, 2));
        assert_eq!((endings.of(Ending::answered(200)), endings.with_status(503)), (2, 1));
    }
}
