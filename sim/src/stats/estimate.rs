//! How well a mean over replications is known: Student's t, without tables.
//!
//! Replications are independent runs with different seeds, so that the classic interval holds;
//! it says nothing about how well the model fits reality.

use super::Estimate;

/// How sure the intervals are: 95 %, two-sided.
pub const CONFIDENCE: f64 = 0.95;

/// Halvings of the bracket in the search for a quantile: enough for every bit of a double.
const BISECTIONS: u32 = 200;

/// Terms of the continued fraction; it converges in O(sqrt(degrees of freedom)) terms.
const FRACTION_TERMS_MAX: u32 = 10_000;

impl Estimate {
    /// The mean of one value a replication, with its [`CONFIDENCE`] interval; `None` without
    /// values, and no interval with fewer than two.
    #[must_use]
    pub fn of(values: &[f64]) -> Option<Self> {
        Self::with_confidence(values, CONFIDENCE)
    }

    /// Like [`Estimate::of`] at a `confidence` between 0 and 1, for checks that share one level.
    #[must_use]
    pub fn with_confidence(values: &[f64], confidence: f64) -> Option<Self> {
        if values.is_empty() {
            return None;
        }
        let count = values.len() as f64;
        let mean = values.iter().sum::<f64>() / count;
        if values.len() == 1 {
            return Some(Self { value: mean, half_width: None });
        }
        // Two passes: the textbook one-pass formula cancels when the spread is small.
        let squares: f64 = values.iter().map(|value| (value - mean) * (value - mean)).sum();
        let standard_error = (squares / (count - 1.0) / count).sqrt();
        let t = student_t_quantile(0.5 + confidence / 2.0, count - 1.0);
        Some(Self { value: mean, half_width: Some(t * standard_error) })
    }

    /// The half-width relative to the value; `None` where there is no interval or the value is 0.
    #[must_use]
    pub fn relative_half_width(&self) -> Option<f64> {
        let half_width = self.half_width?;
        (self.value != 0.0).then(|| half_width / self.value.abs())
    }

    /// Whether `truth` lies in the interval; never without one.
    #[must_use]
    pub fn covers(&self, truth: f64) -> bool {
        self.half_width.is_some_and(|half_width| (self.value - truth).abs() <= half_width)
    }
}

/// The value that Student's t with `freedom` degrees of freedom stays below with `probability`,
/// which lies strictly between 0 and 1.
#[must_use]
pub fn student_t_quantile(probability: f64, freedom: f64) -> f64 {
    assert!(probability > 0.0 && probability < 1.0, "a probability strictly between 0 and 1");
    assert!(freedom > 0.0, "at least two values");
    if probability < 0.5 {
        return -student_t_quantile(1.0 - probability, freedom);
    }
    let mut high = 1.0;
    while student_t_cdf(high, freedom) < probability && high < f64::MAX / 2.0 {
        high *= 2.0;
    }
    let mut low = 0.0;
    for _ in 0..BISECTIONS {
        let middle = 0.5 * (low + high);
        if student_t_cdf(middle, freedom) < probability {
            low = middle;
        } else {
            high = middle;
        }
    }
    0.5 * (low + high)
}

/// The probability that Student's t stays below `t`, for `t` not negative.
fn student_t_cdf(t: f64, freedom: f64) -> f64 {
    // Abramowitz and Stegun 26.7.1 with 26.5.27.
    1.0 - 0.5 * incomplete_beta(freedom / (freedom + t * t), 0.5 * freedom, 0.5)
}

/// The regularised incomplete beta function I_x(a, b) (Abramowitz and Stegun 26.5).
fn incomplete_beta(x: f64, a: f64, b: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    if x >= 1.0 {
        return 1.0;
    }
    let ln_front = libm::lgamma(a + b) - libm::lgamma(a) - libm::lgamma(b)
        + a * libm::log(x)
        + b * libm::log1p(-x);
    let front = libm::exp(ln_front);
    // The fraction converges fast below the mean; above it the symmetry is used.
    if x < (a + 1.0) / (a + b + 2.0) {
        front * beta_fraction(x, a, b) / a
    } else {
        1.0 - front * beta_fraction(1.0 - x, b, a) / b
    }
}

/// The continued fraction of the incomplete beta function (Abramowitz and Stegun 26.5.8), by
/// Lentz's method.
fn beta_fraction(x: f64, a: f64, b: f64) -> f64 {
    // Keeps a vanishing denominator from dividing by zero.
    const TINY: f64 = 1e-300;
    let away_from_zero = |value: f64| if value.abs() < TINY { TINY } else { value };
    let mut c = 1.0;
    let mut d = 1.0 / away_from_zero(1.0 - (a + b) * x / (a + 1.0));
    let mut fraction = d;
    for m in 1..=FRACTION_TERMS_MAX {
        let m = f64::from(m);
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        let mut step = 1.0;
        for term in [even, odd] {
            d = 1.0 / away_from_zero(1.0 + term * d);
            c = away_from_zero(1.0 + term / c);
            step = c * d;
            fraction *= step;
        }
        if (step - 1.0).abs() < f64::EPSILON {
            break;
        }
    }
    fraction
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Three decimals, as tables print them; with one degree of freedom it is a tangent.
    #[test]
    fn quantiles_agree_with_the_tables() {
        for (freedom, probability, table) in [
            (1.0, 0.975, 12.706),
            (2.0, 0.975, 4.303),
            (4.0, 0.975, 2.776),
            (9.0, 0.975, 2.262),
            (29.0, 0.975, 2.045),
            (100.0, 0.975, 1.984),
            (1.0, 0.999, 318.309),
            (5.0, 0.9, 1.476),
            (9.0, 0.999, 4.297),
            (1_000_000.0, 0.975, 1.960),
        ] {
            let quantile = student_t_quantile(probability, freedom);
            assert!((quantile - table).abs() < 0.0006, "{freedom} {probability}: {quantile}");
        }
    }

    #[test]
    fn the_interval_of_a_small_sample_is_the_one_done_by_hand() {
        // Mean 3, standard deviation sqrt(2.5), t with four degrees of freedom 2.776.
        let estimate = Estimate::of(&[1.0, 2.0, 3.0, 4.0, 5.0]).expect("five values");
        assert_eq!(estimate.value, 3.0);
        let half_width = estimate.half_width.expect("five values have an interval");
        assert!((half_width - 1.963).abs() < 0.001, "{half_width}");
        assert!(estimate.covers(4.9) && !estimate.covers(5.0));
        assert!((estimate.relative_half_width().expect("not zero") - 0.6544).abs() < 0.001);
    }

    #[test]
    fn one_value_has_no_interval_and_none_has_no_mean() {
        assert_eq!(Estimate::of(&[7.0]), Some(Estimate { value: 7.0, half_width: None }));
        assert_eq!(Estimate::of(&[]), None);
    }

    #[test]
    fn a_small_spread_on_a_large_mean_is_not_lost() {
        let estimate = Estimate::of(&[1e9, 1e9 + 1.0, 1e9 + 2.0]).expect("three values");
        let half_width = estimate.half_width.expect("three values have an interval");
        assert!((half_width - 2.484).abs() < 0.001, "{half_width}");
    }

    proptest! {
        #[test]
        fn the_quantile_undoes_the_distribution(t in 0.001f64..30.0, freedom in 1u32..500) {
            let freedom = f64::from(freedom);
            let probability = student_t_cdf(t, freedom);
            // Near 1 the distribution is too flat to be undone in doubles.
            prop_assume!(probability < 1.0 - 1e-9);
            let back = student_t_quantile(probability, freedom);
            prop_assert!((back - t).abs() < 1e-5 * t.max(1.0), "{back} {t}");
        }

        #[test]
        fn more_confidence_is_a_wider_interval(
            values in proptest::collection::vec(0.0f64..100.0, 2..20),
        ) {
            let narrow = Estimate::with_confidence(&values, 0.9).expect("values").half_width;
            let wide = Estimate::with_confidence(&values, 0.999).expect("values").half_width;
            prop_assert!(narrow <= wide);
        }
    }
}
