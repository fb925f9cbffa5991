//! The timeouts of a connection, and which one applies.

use std::time::Duration;

use hashbrown::HashMap;

/// The default of [`Timeouts::startup`].
pub const STARTUP: Duration = Duration::from_secs(10);
/// The default of [`Timeouts::server_connect`].
pub const SERVER_CONNECT: Duration = Duration::from_secs(30);
/// The default of [`Timeouts::message`].
pub const MESSAGE: Duration = Duration::from_secs(5 * 60);

/// The timeouts of one worker. `None`: no limit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timeouts {
    /// From the spawn of the worker until it is ready. 10 seconds by default.
    pub startup: Option<Duration>,
    /// From the start of a worker server until its host is connected. 30 seconds by default.
    pub server_connect: Option<Duration>,
    /// From the sending of a request until its outcome. 5 minutes by default.
    pub message: Option<Duration>,
    /// The message timeout of single message types, by name. Empty by default.
    pub types: HashMap<Box<str>, Option<Duration>>,
}

/// A number that is not a timeout.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[error("a timeout must be a number of milliseconds, 0 or more (0 or Infinity: none), not {}", spelled(.millis))]
pub struct InvalidTimeout {
    /// The number.
    pub millis: f64,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            startup: Some(STARTUP),
            server_connect: Some(SERVER_CONNECT),
            message: Some(MESSAGE),
            types: HashMap::new(),
        }
    }
}

impl Timeouts {
    /// A timeout in milliseconds, which may have a fraction. 0, infinity and anything longer than 292 years mean no
    /// limit. A positive timeout is at least one nanosecond.
    ///
    /// # Errors
    /// The number is NaN or negative.
    pub fn from_millis(millis: f64) -> Result<Option<Duration>, InvalidTimeout> {
        const LONGEST: f64 = i64::MAX as f64 / 1e6;
        if millis.is_nan() || millis < 0.0 {
            Err(InvalidTimeout { millis })
        } else if millis == 0.0 || millis >= LONGEST {
            Ok(None)
        } else {
            Ok(Some(Duration::from_secs_f64(millis / 1e3).max(Duration::from_nanos(1))))
        }
    }

    /// The timeout of one request: the one of the call, else the one of its message type, else the general one.
    pub fn message_timeout(&self, type_name: &str, per_call: Option<Option<Duration>>) -> Option<Duration> {
        per_call.or_else(|| self.types.get(type_name).copied()).unwrap_or(self.message)
    }
}

/// The number as JavaScript spells it.
fn spelled(millis: &f64) -> String {
    millis.to_string().replace("inf", "Infinity")
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn milliseconds_become_a_duration() {
        assert_eq!(Timeouts::from_millis(1000.0), Ok(Some(SECOND)));
        assert_eq!(Timeouts::from_millis(0.5), Ok(Some(Duration::from_micros(500))));
        assert_eq!(Timeouts::from_millis(1e-300), Ok(Some(Duration::from_nanos(1))));
    }

    #[test]
    fn zero_infinity_and_centuries_mean_none() {
        for millis in [0.0, -0.0, f64::INFINITY, f64::MAX, 1e13] {
            assert_eq!(Timeouts::from_millis(millis), Ok(None), "{millis}");
        }
        let two_centuries = 200.0 * 365.0 * 24.0 * 3600.0 * 1000.0;
        assert!(Timeouts::from_millis(two_centuries).unwrap().is_some());
    }

    #[test]
    fn what_is_no_timeout_is_refused_by_name() {
        let refused = |millis| Timeouts::from_millis(millis).unwrap_err().to_string();
        let rule = "a timeout must be a number of milliseconds, 0 or more (0 or Infinity: none), not ";
        assert_eq!(refused(f64::NAN), format!("{rule}NaN"));
        assert_eq!(refused(-1.5), format!("{rule}-1.5"));
        assert_eq!(refused(f64::NEG_INFINITY), format!("{rule}-Infinity"));
    }

    #[test]
    fn the_call_beats_the_type_and_the_type_beats_the_general_timeout() {
        let timeouts = Timeouts {
            types: [("slow".into(), None), ("quick".into(), Some(SECOND))].into_iter().collect(),
            ..Timeouts::default()
        };
        assert_eq!(timeouts.message_timeout("other", None), timeouts.message);
        assert_eq!(timeouts.message_timeout("quick", None), Some(SECOND));
        assert_eq!(timeouts.message_timeout("slow", None), None);
        assert_eq!(timeouts.message_timeout("slow", Some(Some(SECOND))), Some(SECOND));
        assert_eq!(timeouts.message_timeout("quick", Some(None)), None);
    }

    #[test]
    fn the_defaults_are_those_documented() {
        let timeouts = Timeouts::default();
        assert_eq!(timeouts.startup, Some(Duration::from_secs(10)));
        assert_eq!(timeouts.server_connect, Some(Duration::from_secs(30)));
        assert_eq!(timeouts.message, Some(Duration::from_secs(300)));
    }
}
