//! Which encoding of a file a browser takes.

/// The encodings that the page's files come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    Brotli,
    Gzip,
    Identity,
}

impl Encoding {
    const BEST_FIRST: [Self; 3] = [Self::Brotli, Self::Gzip, Self::Identity];

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Brotli => "br",
            Self::Gzip => "gzip",
            Self::Identity => "identity",
        }
    }

    /// Those that an `Accept-Encoding` takes, smallest file first. Weights only say yes (> 0) or
    /// no (0): every browser that takes two of them gains most from the smaller file.
    pub(super) fn accepted(header: &str) -> impl Iterator<Item = Self> {
        Self::BEST_FIRST.into_iter().filter(move |encoding| {
            let weight = weight(header, encoding.as_str()).or_else(|| weight(header, "*"));
            match encoding {
                Self::Identity => weight != Some(Weight::Zero),
                _ => weight == Some(Weight::Positive),
            }
        })
    }
}

#[derive(PartialEq)]
enum Weight {
    Zero,
    Positive,
}

fn weight(header: &str, name: &str) -> Option<Weight> {
    let (_, parameters) = header
        .split(',')
        .map(|item| item.split_once(';').unwrap_or((item, "")))
        .find(|(item, _)| item.trim().eq_ignore_ascii_case(name))?;
    let q = parameters.trim().strip_prefix("q=").unwrap_or("1");
    let zero = q.trim().parse().is_ok_and(|q: f32| q <= 0.0);
    Some(if zero { Weight::Zero } else { Weight::Positive })
}

#[cfg(test)]
mod tests {
    use super::Encoding::{self, Brotli, Gzip, Identity};

    #[test]
    fn takes_what_the_header_names() {
        for (header, expected) in [
            ("", &[Identity][..]),
            ("gzip, br", &[Brotli, Gzip, Identity]),
            ("GZIP;q=1.0", &[Gzip, Identity]),
            ("br;q=0, *", &[Gzip, Identity]),
            ("br, identity;q=0", &[Brotli]),
            ("*;q=0", &[]),
        ] {
            assert_eq!(
                Encoding::accepted(header).collect::<Vec<_>>(),
                expected,
                "{header}"
            );
        }
    }
}
