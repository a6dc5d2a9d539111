//! Appending short values to a buffer: most values of a table have a few bytes, and of millions of
//! them the call of `memcpy` for each shows.

/// The longest value that is copied without a call.
const SHORT: usize = 32;
/// The longest head.
const HEAD: usize = 8;

/// Appends `head`, `value` and `tail`.
#[expect(clippy::inline_always, reason = "it is there to save a call")]
#[inline(always)]
pub fn append<const H: usize, const T: usize>(
    out: &mut Vec<u8>,
    head: [u8; H],
    value: &[u8],
    tail: [u8; T],
) {
    const { assert!(H + T <= HEAD) };
    if value.len() > SHORT {
        out.extend_from_slice(&head);
        out.extend_from_slice(value);
        out.extend_from_slice(&tail);
        return;
    }
    let start = out.len();
    let middle = start + H + value.len();
    // One look at the capacity for all; what is too much is cut off again.
    out.extend_from_slice(&[0; HEAD + SHORT]);
    out[start..start + H].copy_from_slice(&head);
    copy(&mut out[start + H..middle], value);
    out[middle..middle + T].copy_from_slice(&tail);
    out.truncate(middle + T);
}

/// Copies a value of at most [`SHORT`] bytes into as much room, by two moves that may overlap.
#[expect(clippy::inline_always, reason = "it is there to save a call")]
#[inline(always)]
fn copy(to: &mut [u8], value: &[u8]) {
    match value.len() {
        0 => {}
        1..4 => {
            let (middle, last) = (value.len() / 2, value.len() - 1);
            (to[0], to[middle], to[last]) = (value[0], value[middle], value[last]);
        }
        4..8 => copy_ends::<4>(to, value),
        8..16 => copy_ends::<8>(to, value),
        _ => copy_ends::<16>(to, value),
    }
}

/// The first and the last `N` bytes.
#[expect(clippy::inline_always, reason = "it is there to save a call")]
#[inline(always)]
fn copy_ends<const N: usize>(to: &mut [u8], value: &[u8]) {
    let last = value.len() - N;
    to[..N].copy_from_slice(&value[..N]);
    to[last..].copy_from_slice(&value[last..]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_all_lengths_are_appended_whole() {
        let bytes: Vec<u8> = (1..=100).collect();
        let (mut out, mut expected) = (Vec::new(), Vec::new());
        for length in 0..=bytes.len() {
            let value = &bytes[..length];
            append(&mut out, [200, 201, 202, 203, 204], value, []);
            append(&mut out, [], value, [205]);
            expected.extend([200, 201, 202, 203, 204]);
            expected.extend_from_slice(value);
            expected.extend_from_slice(value);
            expected.push(205);
            assert_eq!(out, expected, "{length}");
        }
    }
}
