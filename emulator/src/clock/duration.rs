//! Durations as ISO 8601 writes them.

use chrono::TimeDelta;

/// Reads `P1W`, `P2DT3H4M5S` and parts of it. Years and months are refused, because they have no fixed length, and so
/// are fractions. `None` also when the sum is beyond what a duration can hold.
pub(crate) fn parse(text: &str) -> Option<TimeDelta> {
    let rest = text.strip_prefix('P')?;
    let (days, times) = rest.split_once('T').map_or((rest, None), |(days, times)| (days, Some(times)));
    if times.is_some_and(str::is_empty) || (days.is_empty() && times.is_none()) {
        return None;
    }
    let days = seconds(days, &[('W', 604_800), ('D', 86_400)])?;
    let times = seconds(times.unwrap_or_default(), &[('H', 3600), ('M', 60), ('S', 1)])?;
    TimeDelta::try_seconds(days.checked_add(times)?)
}

/// The sum of `<number><unit>` parts, whose units must come in the order given.
fn seconds(mut text: &str, units: &[(char, i64)]) -> Option<i64> {
    let mut sum = 0i64;
    for (unit, length) in units {
        let Some((number, rest)) = text.split_once(*unit) else { continue };
        if number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        sum = sum.checked_add(number.parse::<i64>().ok()?.checked_mul(*length)?)?;
        text = rest;
    }
    text.is_empty().then_some(sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_units_are_read_and_vague_ones_refused() {
        for (text, seconds) in [("PT90S", 90), ("PT1H30M", 5400), ("P1DT1S", 86_401), ("P2W", 1_209_600)] {
            assert_eq!(parse(text), Some(TimeDelta::seconds(seconds)), "{text}");
        }
        let refused = [
            "",
            "P",
            "PT",
            "P1M",
            "P1Y",
            "PT1.5S",
            "PT1S1H",
            "1H",
            "PT-1S",
            "PTS",
            "PT99999999999999999999S",
        ];
        for text in refused {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
