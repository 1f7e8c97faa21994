//! Where a request is sent, as people type it: `checkout:8080`, `checkout.shop:8080`, a URL or an
//! address. What answers there is not decided here.

use std::fmt;
use std::net::IpAddr;

/// `http` or `https`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Scheme {
    /// Plaintext.
    #[default]
    Http,
    /// TLS of the client's own making.
    Https,
}

impl Scheme {
    /// As it is written in a URL.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }

    /// The port of URLs that name none.
    #[must_use]
    pub const fn default_port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }
}

/// A destination, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// `None` where it is written without one.
    pub scheme: Option<Scheme>,
    /// A host name or an address, without brackets.
    pub host: String,
    /// The port as a number or name.
    pub port: Option<TargetPort>,
    /// The path with its query, if a URL names one.
    pub path: Option<String>,
}

/// The port of a destination.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TargetPort {
    /// Its number.
    Number(u16),
    /// The name of a Service port.
    Name(String),
}

/// Why a text is no destination.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no destination: {reason}")]
pub struct TargetError {
    text: String,
    reason: &'static str,
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(scheme) = self.scheme {
            write!(f, "{}://", scheme.text())?;
        }
        if self.host.contains(':') {
            write!(f, "[{}]", self.host)?;
        } else {
            f.write_str(&self.host)?;
        }
        match &self.port {
            None => Ok(()),
            Some(TargetPort::Number(number)) => write!(f, ":{number}"),
            Some(TargetPort::Name(name)) => write!(f, ":{name}"),
        }
    }
}

impl std::str::FromStr for Target {
    type Err = TargetError;

    /// Reads `host`, `host:port`, `address`, `[address]:port`, or any of them as a URL with a
    /// scheme and a path.
    fn from_str(text: &str) -> Result<Self, TargetError> {
        let wrong = |reason| TargetError { text: text.chars().take(200).collect(), reason };
        let (scheme, rest) = match text.split_once("://") {
            None => (None, text),
            Some(("http", rest)) => (Some(Scheme::Http), rest),
            Some(("https", rest)) => (Some(Scheme::Https), rest),
            Some(_) => return Err(wrong("the scheme is neither http nor https")),
        };
        let (authority, path) = match rest.find(['/', '?']) {
            None => (rest, None),
            Some(at) if rest[at..].starts_with('?') => {
                (&rest[..at], Some(format!("/{}", &rest[at..])))
            }
            Some(at) => (&rest[..at], Some(rest[at..].to_owned())),
        };
        let (host, port) = split_port(authority).map_err(wrong)?;
        if host.is_empty() {
            return Err(wrong("it has no host"));
        }
        if host.contains(char::is_whitespace) || host.contains('@') {
            return Err(wrong("the host has characters that no host has"));
        }
        Ok(Self { scheme, host: host.to_ascii_lowercase(), port, path })
    }
}

fn split_port(authority: &str) -> Result<(&str, Option<TargetPort>), &'static str> {
    if authority.parse::<IpAddr>().is_ok() {
        return Ok((authority, None));
    }
    let (host, rest) = match authority.strip_prefix('[') {
        Some(inner) => inner.split_once(']').ok_or("the bracket does not close")?,
        None => authority.find(':').map_or((authority, ""), |at| authority.split_at(at)),
    };
    let port = match rest.strip_prefix(':') {
        None if rest.is_empty() => None,
        None => return Err("a port is written behind a colon"),
        Some("") => return Err("the port is missing"),
        Some(text) if text.bytes().all(|byte| byte.is_ascii_digit()) => match text.parse() {
            Ok(0) | Err(_) => return Err("ports are numbers from 1 to 65535"),
            Ok(number) => Some(TargetPort::Number(number)),
        },
        Some(name) => Some(TargetPort::Name(name.to_owned())),
    };
    Ok((host, port))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Target {
        text.parse().unwrap_or_else(|error| panic!("{error}"))
    }

    #[test]
    fn every_form_of_a_destination_is_taken_apart() {
        let plain = read("checkout:8080");
        assert_eq!((plain.host.as_str(), plain.scheme, plain.path), ("checkout", None, None));
        assert_eq!(plain.port, Some(TargetPort::Number(8080)));
        assert_eq!(read("checkout.shop:grpc").port, Some(TargetPort::Name("grpc".to_owned())));
        let url = read("https://pay.example.com/v1?dry=1");
        assert_eq!((url.scheme, url.port), (Some(Scheme::Https), None));
        assert_eq!(url.path.as_deref(), Some("/v1?dry=1"));
        assert_eq!(read("http://web?x=1").path.as_deref(), Some("/?x=1"));
        assert_eq!(read("10.0.0.7").host, "10.0.0.7");
        assert_eq!(read("fd00::7").host, "fd00::7");
        let v6 = read("http://[fd00::7]:80/");
        assert_eq!((v6.host.as_str(), v6.port), ("fd00::7", Some(TargetPort::Number(80))));
        assert_eq!(read("Checkout.Shop:80").to_string(), "checkout.shop:80");
    }

    #[test]
    fn what_is_no_destination_says_why() {
        for (text, reason) in [
            ("", "no host"),
            ("ftp://x", "neither http nor https"),
            ("web:", "the port is missing"),
            ("web:0", "1 to 65535"),
            ("web:70000", "1 to 65535"),
            ("[::1", "bracket"),
            ("a b", "characters"),
        ] {
            let error = text.parse::<Target>().expect_err(text).to_string();
            assert!(error.contains(reason), "{error}");
        }
    }
}
