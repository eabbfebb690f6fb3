//! Times that are read and written.

use super::*;

#[test]
fn writes_rfc_3339_in_seconds() {
    assert_eq!(Time::from_seconds(1_790_000_000).to_string(), "2026-09-21T14:13:20Z");
    assert_eq!(Time::from_milliseconds(1_790_000_000_999).seconds(), 1_790_000_000);
    assert_eq!(Time::MAX.to_string(), "9999-12-30T22:00:00Z");
}

/// Reads a time by the rules of the format, with the days counted year by year and month by month.
fn read_simply(text: &str) -> Option<i64> {
    let (date_time, rest) = text.split_at_checked(19)?;
    let number =
        |part: &str| part.bytes().all(|byte| byte.is_ascii_digit()).then(|| part.parse::<i64>().ok())?;
    let part = |start: usize, end: usize| number(date_time.get(start..end)?);
    let separators = [4, 7, 10, 13, 16].map(|place| date_time.as_bytes()[place].to_ascii_uppercase());
    let [hour, minute, second] = [part(11, 13)?, part(14, 16)?, part(17, 19)?];
    let (year, month, day) = (part(0, 4)?, part(5, 7)?, part(8, 10)?);
    let is_leap = |year: i64| year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let months = [31, 28 + i64::from(is_leap(year)), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let earlier = usize::try_from(month).ok()?.checked_sub(1)?;
    let is_right = separators == *b"--T::" && (1..=*months.get(earlier)?).contains(&day);
    let zone = match rest.strip_prefix('.') {
        Some(fraction) => {
            let zone = fraction.trim_start_matches('0');
            zone.as_bytes().first().filter(|first| !first.is_ascii_digit())?;
            Some(zone).filter(|_| (1..=9).contains(&(fraction.len() - zone.len())))?
        }
        None => rest,
    };
    let offset = match zone.as_bytes() {
        [b'Z' | b'z'] => 0,
        [sign @ (b'+' | b'-'), _, _, b':', _, _] => {
            let (hours, minutes) = (number(zone.get(1..3)?)?, number(zone.get(4..6)?)?);
            let seconds = Some(hours * 3_600 + minutes * 60).filter(|_| hours < 24 && minutes < 60)?;
            if *sign == b'+' { seconds } else { -seconds }
        }
        _ => return None,
    };
    let to_year: i64 = (1_970..year).map(|year| 365 + i64::from(is_leap(year))).sum();
    let from_year: i64 = (year..1_970).map(|year| 365 + i64::from(is_leap(year))).sum();
    let days = to_year - from_year + months.iter().take(earlier).sum::<i64>() + day - 1;
    let seconds = days * DAY + hour * 3_600 + minute * 60 + second - offset;
    (is_right && hour < 24 && minute < 60 && second < 60 && seconds <= Time::MAX.0).then_some(seconds.max(0))
}

#[test]
fn fuzzed_times_are_read_by_the_rules_of_the_format_and_read_back() {
    fuzz::texts("time").play(|text| {
        let read = Time::parse(text).ok();
        assert_eq!(read.map(Time::seconds), read_simply(text));
        let Some(time) = read else { return false };
        assert_eq!(Time::parse(&time.to_string()), Ok(time));
        true
    });
}

#[test]
fn reads_offsets_and_fractions_of_zeros() {
    let noon = Ok(Time::from_seconds(1_767_268_800));
    for text in [
        "2026-01-01T12:00:00Z",
        "2026-01-01T14:00:00+02:00",
        "2026-01-01T12:00:00+00:00",
        "2026-01-01T12:00:00-00:00",
        "2026-01-01t12:00:00z",
        "2026-01-01T12:00:00.0Z",
        "2026-01-01T12:00:00.000Z",
        "2026-01-01T12:00:00.000000000Z",
        "2026-01-01T10:00:00.000-02:00",
        "2026-01-01t12:00:00.000z",
    ] {
        assert_eq!(Time::parse(text), noon, "{text}");
    }
}

#[test]
fn refuses_other_fractions_and_local_times() {
    for text in [
        "2026-01-01T12:00:00.5Z",
        "2026-01-01T12:00:00.001Z",
        "2026-01-01T12:00:00.000000001Z",
        "2026-01-01T12:00:00.999+02:00",
    ] {
        assert_eq!(Time::parse(text), Err(BadTime::Fraction), "{text}");
    }
    for text in [
        "2026-01-01T12:00:00+24:00",
        "2026-01-01T12:00:00-25:59",
        "2026-01-01T12:00:00.Z",
        "2026-01-01T12:00:00.0000000000Z",
        "2026-01-01T12:00:00,000Z",
        "2026-01-01T12:00:00.000",
        "2026-01-01T12:00:00.0.0Z",
        "2026-01-01T12:00:00.٠Z",
        "2026-01-01T12:00.000Z",
        "2026-01-01T12:00:60.000Z",
        "2026-01-01T12Z",
        "2026-01-01T12:00Z",
        "2026-01-01T12:00:60Z",
        "2026-01-01T12:00:00+0200",
        "2026-01-01T12:00:00+02:00[Europe/Paris]",
        "2026-01-01",
        "2026-01-01T12:00:00",
        "2026-01-01 12:00:00Z",
        "",
    ] {
        assert_eq!(Time::parse(text), Err(BadTime::Format), "{text}");
    }
}

#[test]
fn the_last_hours_of_the_year_9999_are_too_late() {
    assert_eq!(Time::parse("9999-12-30T22:00:00Z"), Ok(Time::MAX));
    for text in [
        "9999-12-30T22:00:01Z",
        "9999-12-31T00:00:00+01:00",
        "9999-12-31T23:59:59Z",
        "9999-12-31T23:59:59-23:59",
    ] {
        assert_eq!(Time::parse(text), Err(BadTime::TooLate), "{text}");
    }
    for text in
        ["9999-02-29T00:00:00Z", "9999-12-32T00:00:00Z", "9999-12-31T24:00:00Z", "10000-01-01T00:00:00Z"]
    {
        assert_eq!(Time::parse(text), Err(BadTime::Format), "{text}");
    }
    assert_eq!(BadTime::TooLate.to_string(), "must be 9999-12-30T22:00:00Z or earlier");
    assert_eq!(Time::parse("0000-01-01T00:00:00Z"), Ok(Time::from_seconds(0)));
}

#[test]
fn a_day_ends_at_midnight_of_the_next() {
    let midnight = Time::from_seconds(1_767_225_600);
    assert_eq!(midnight.to_string(), "2026-01-01T00:00:00Z");
    for (second, date, next) in [(-1, "2025-12-31", 0), (0, "2026-01-01", DAY), (DAY - 1, "2026-01-01", DAY)]
    {
        let time = midnight.plus(second);
        assert_eq!((time.utc_date(), time.next_midnight()), (date.to_owned(), midnight.plus(next)));
    }
}

#[test]
fn an_interval_is_over_when_its_seconds_have_passed() {
    let then = Time::from_seconds(1_000);
    for (seconds, now, is_within) in
        [(60, 1_059, true), (60, 1_060, false), (0, 1_000, false), (60, 900, true)]
    {
        assert_eq!(then.is_within(seconds, Time::from_seconds(now)), is_within, "{seconds} {now}");
    }
}

#[test]
fn counts_started_days() {
    let now = Time::from_seconds(0);
    assert_eq!([0, 1, DAY, DAY + 1].map(|s| now.plus(s).days_from(now)), [0, 1, 1, 2]);
    assert_eq!(now.plus(-5).days_from(now), 0);
}
