//! What queueing theory says in closed form; times are in units of the mean service time.
//!
//! `load` is the offered load of the whole station in servers (Erlangs), below their number.

/// A station in equilibrium.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Station {
    /// The offered load: arrival rate times mean service time.
    pub(super) load: f64,
    /// How many servers it has.
    pub(super) servers: u32,
    /// The mean wait for a server, in mean service times.
    pub(super) wait: f64,
}

impl Station {
    /// Poisson arrivals, exponential service, one server.
    pub(super) fn m_m_1(load: f64) -> Self {
        Self::m_m_c(load, 1)
    }

    /// Poisson arrivals, exponential service, `servers` servers and one queue (Erlang C).
    pub(super) fn m_m_c(load: f64, servers: u32) -> Self {
        let free = f64::from(servers) - load;
        Self { load, servers, wait: erlang_c(load, servers) / free }
    }

    /// Poisson arrivals, constant service, one server (Pollaczek and Khinchine).
    pub(super) fn m_d_1(load: f64) -> Self {
        Self { load, servers: 1, wait: load / (2.0 * (1.0 - load)) }
    }

    /// The mean time from arrival to departure, in mean service times.
    pub(super) fn sojourn(self) -> f64 {
        self.wait + 1.0
    }

    /// The share of server time in use.
    pub(super) fn utilisation(self) -> f64 {
        self.load / f64::from(self.servers)
    }

    /// The mean number that wait, by Little's law.
    pub(super) fn waiting(self) -> f64 {
        self.load * self.wait
    }
}

/// The probability that an arrival has to wait.
fn erlang_c(load: f64, servers: u32) -> f64 {
    // The recursion of Erlang's loss formula stays between 0 and 1 where powers and factorials
    // would overflow.
    let blocked = (1..=servers).fold(1.0, |blocked, busy| {
        let offered = load * blocked;
        offered / (f64::from(busy) + offered)
    });
    let utilisation = load / f64::from(servers);
    blocked / (1.0 - utilisation * (1.0 - blocked))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assert_near(found: f64, expected: f64) {
        assert!((found - expected).abs() < 1e-12, "{found} is not {expected}");
    }

    #[test]
    fn one_server_gives_the_textbook_queue() {
        let station = Station::m_m_1(0.75);
        assert_near(station.sojourn(), 4.0);
        assert_near(station.wait, 3.0);
        assert_near(station.waiting(), 2.25);
        assert_near(station.utilisation(), 0.75);
    }

    /// Two servers: C = 2 rho^2 / (1 + rho), and the wait is rho^2 / (1 - rho^2).
    #[test]
    fn erlang_c_is_the_formula_done_by_hand_for_two_servers() {
        assert_near(erlang_c(1.0, 2), 1.0 / 3.0);
        assert_near(Station::m_m_c(1.0, 2).wait, 1.0 / 3.0);
        assert_near(Station::m_m_c(1.0, 2).utilisation(), 0.5);
    }

    #[test]
    fn constant_service_halves_the_wait() {
        assert_near(Station::m_d_1(0.6).wait, Station::m_m_1(0.6).wait / 2.0);
    }
}
