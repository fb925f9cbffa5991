//! Search for a text in linear time, whatever both are: by the table of the pattern's borders (Knuth, Morris, Pratt).
//!
//! `memmem` of the crate `memchr` is as linear, and faster, but for bytes: its matches at odd bytes of UTF-16 are none, and a
//! text of nothing else would be searched in quadratic time.

use rquickjs::Result;

/// The units that are searched between two questions to the host.
const PIECE: usize = 1 << 20;

/// Calls `found` with the place of each match from `from` on that does not overlap the one before, until it answers `false`.
///
/// # Errors
///
/// What `poll` gives.
pub fn forward(
    text: &[u16],
    pattern: &[u16],
    from: usize,
    poll: &mut dyn FnMut() -> Result<()>,
    found: &mut dyn FnMut(usize) -> bool,
) -> Result<()> {
    if pattern.is_empty() {
        if from <= text.len() {
            found(from);
        }
        return Ok(());
    }
    if pattern.len() > text.len().saturating_sub(from) {
        return Ok(());
    }
    let borders = borders(pattern, poll)?;
    let mut matched = 0;
    for (piece, units) in text[from..].chunks(PIECE).enumerate() {
        poll()?;
        for (at, unit) in units.iter().enumerate() {
            while matched > 0 && pattern[matched] != *unit {
                matched = borders[matched - 1] as usize;
            }
            if pattern[matched] == *unit {
                matched += 1;
            }
            if matched == pattern.len() {
                if !found(from + piece * PIECE + at + 1 - matched) {
                    return Ok(());
                }
                matched = 0;
            }
        }
    }
    Ok(())
}

/// The place of the last match that begins at `from` at the latest.
///
/// # Errors
///
/// What `poll` gives.
pub fn backward(
    text: &[u16],
    pattern: &[u16],
    from: usize,
    poll: &mut dyn FnMut() -> Result<()>,
) -> Result<Option<usize>> {
    let Some(last) = text.len().checked_sub(pattern.len()) else { return Ok(None) };
    let from = from.min(last);
    if pattern.is_empty() {
        return Ok(Some(from));
    }
    let reversed: Vec<u16> = pattern.iter().rev().copied().collect();
    let borders = borders(&reversed, poll)?;
    let mut matched = 0;
    let end = from + pattern.len();
    for (at, unit) in text[..end].iter().enumerate().rev() {
        if at.is_multiple_of(PIECE) {
            poll()?;
        }
        while matched > 0 && reversed[matched] != *unit {
            matched = borders[matched - 1] as usize;
        }
        if reversed[matched] == *unit {
            matched += 1;
        }
        if matched == pattern.len() {
            return Ok(Some(at));
        }
    }
    Ok(None)
}

/// For each begin of the pattern, the length of its longest proper begin that is also its end.
fn borders(pattern: &[u16], poll: &mut dyn FnMut() -> Result<()>) -> Result<Vec<u32>> {
    let mut borders = vec![0; pattern.len()];
    let mut matched = 0;
    for at in 1..pattern.len() {
        if at.is_multiple_of(PIECE) {
            poll()?;
        }
        while matched > 0 && pattern[matched] != pattern[at] {
            matched = borders[matched - 1] as usize;
        }
        if pattern[matched] == pattern[at] {
            matched += 1;
        }
        borders[at] = matched as u32;
    }
    Ok(borders)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn naive(text: &[u16], pattern: &[u16]) -> Vec<usize> {
        (0..=text.len().saturating_sub(pattern.len())).filter(|at| text[*at..].starts_with(pattern)).collect()
    }

    proptest! {
        #[test]
        fn matches_are_those_of_a_plain_search(
            text in prop::collection::vec(0u16..3, 0..40),
            pattern in prop::collection::vec(0u16..3, 1..5),
            from in 0usize..45,
        ) {
            let all = naive(&text, &pattern);
            let mut first = None;
            forward(&text, &pattern, from, &mut || Ok(()), &mut |at| { first = Some(at); false }).unwrap();
            prop_assert_eq!(first, all.iter().copied().find(|at| *at >= from));
            let last = backward(&text, &pattern, from, &mut || Ok(())).unwrap();
            prop_assert_eq!(last, all.iter().copied().rfind(|at| *at <= from));
            let mut places = Vec::new();
            forward(&text, &pattern, 0, &mut || Ok(()), &mut |at| { places.push(at); true }).unwrap();
            let mut expected = Vec::new();
            for at in all {
                if expected.last().is_none_or(|before| before + pattern.len() <= at) {
                    expected.push(at);
                }
            }
            prop_assert_eq!(places, expected);
        }
    }

    #[test]
    fn an_unlucky_pattern_takes_linear_time() {
        let text = vec![1u16; 2_000_000];
        let mut pattern = vec![1u16; 100_000];
        pattern.push(2);
        let mut count = 0;
        forward(
            &text,
            &pattern,
            0,
            &mut || {
                count += 1;
                Ok(())
            },
            &mut |_| true,
        )
        .unwrap();
        assert_eq!(backward(&text, &pattern, 2_000_000, &mut || Ok(())).unwrap(), None);
        assert!(count >= 2, "the host is asked in between");
    }
}
