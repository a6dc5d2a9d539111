//! Which encoding a file has, judged from all of its bytes.
//!
//! Unicode says so itself: a byte order mark, or bytes that are valid UTF-8. Code pages do not:
//! each byte is some character in every one of them. What gives them away is how the characters
//! stand together: `Mart¡n` and `Martßn` are no words, `Martín` is.

use super::encoding::Encoding;
use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use std::collections::HashMap;

/// The code pages, the likeliest first: it wins where two are equally plausible.
const CODE_PAGES: [Encoding; 3] = [Encoding::Windows1252, Encoding::Cp437, Encoding::Cp850];

/// What was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Detected {
    pub encoding: Encoding,
    /// Another code page that gives the very same text.
    pub same_as: Option<Encoding>,
}

/// Bytes that no supported encoding explains.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Undetected {
    /// What the bytes look like to `chardetng`.
    pub(crate) resembles: &'static str,
}

/// Takes a file's bytes in chunks. Its memory does not grow with the file: it counts in which
/// company each byte beyond ASCII stands.
pub(crate) struct Detector {
    start: Vec<u8>,
    utf8: Utf8Check,
    company: HashMap<[u8; 3], u64>,
    last: [u8; 2],
    foreign: EncodingDetector,
}

impl Detector {
    pub(crate) fn new() -> Self {
        Self {
            start: Vec::new(),
            utf8: Utf8Check::default(),
            company: HashMap::new(),
            last: [b'\n'; 2],
            foreign: EncodingDetector::new(Iso2022JpDetection::Deny),
        }
    }

    pub(crate) fn feed(&mut self, bytes: &[u8]) {
        let missing = 3_usize.saturating_sub(self.start.len()).min(bytes.len());
        self.start.extend_from_slice(&bytes[..missing]);
        self.utf8.feed(bytes);
        for &byte in bytes {
            self.see(byte);
        }
        // Slow, and of no use for UTF-8. What came before the first odd byte tells it little.
        if self.utf8.broken {
            self.foreign.feed(bytes, false);
        }
    }

    /// Counts the byte before this one, now that both its neighbours are known.
    fn see(&mut self, byte: u8) {
        let [before, middle] = self.last;
        if !middle.is_ascii() {
            *self.company.entry([before, middle, byte]).or_default() += 1;
        }
        self.last = [middle, byte];
    }

    pub(crate) fn finish(mut self) -> Result<Detected, Undetected> {
        for encoding in [Encoding::Utf8, Encoding::Utf16Le, Encoding::Utf16Be] {
            if self.start.starts_with(encoding.mark()) {
                return Ok(Detected::alone(encoding));
            }
        }
        if self.utf8.is_valid() {
            return Ok(Detected::alone(Encoding::Utf8));
        }
        self.see(b'\n');
        self.foreign.feed(&[], true);
        let resembles = self.foreign.guess(None, Utf8Detection::Deny);
        self.code_page(resembles).ok_or(Undetected {
            resembles: resembles.name(),
        })
    }

    fn code_page(&self, resembles: &'static encoding_rs::Encoding) -> Option<Detected> {
        let scored = CODE_PAGES.map(|page| (page, self.plausibility(page)));
        let best = scored.iter().map(|(_, score)| *score).max()?;
        if best <= 0 {
            return None;
        }
        let (page, _) = *scored.iter().find(|(_, score)| *score == best)?;
        // chardetng knows the Windows code pages of all countries, but none of DOS.
        if page == Encoding::Windows1252 && resembles != encoding_rs::WINDOWS_1252 {
            return None;
        }
        let same = |other: &Encoding| {
            let mut bytes = self.company.keys().map(|company| company[1]);
            *other != page && bytes.all(|byte| other.char_of(byte) == page.char_of(byte))
        };
        Some(Detected {
            encoding: page,
            same_as: CODE_PAGES.into_iter().find(same),
        })
    }

    fn plausibility(&self, page: Encoding) -> i64 {
        (self.company.iter())
            .map(|(company, count)| {
                let count = i64::try_from(*count).unwrap_or(i64::MAX);
                plausibility(company.map(|byte| page.char_of(byte))).saturating_mul(count)
            })
            .fold(0, i64::saturating_add)
    }
}

impl Detected {
    fn alone(encoding: Encoding) -> Self {
        Self {
            encoding,
            same_as: None,
        }
    }
}

/// How much the middle character looks like what people write, between its neighbours: above
/// zero for yes, below for no.
fn plausibility(company: [Option<char>; 3]) -> i64 {
    let [before, Some(middle), after] = company else {
        return -12;
    };
    let neighbours = [before, after].map(|char| char.unwrap_or('\u{FFFD}'));
    let in_word = neighbours.iter().any(char::is_ascii_alphabetic);
    let beside_other = neighbours.iter().any(|char| !char.is_ascii());
    if LETTERS.contains(middle) || RARE_LETTERS.contains(middle) {
        let lower_before = neighbours[0].is_lowercase();
        // `jÄger` and `éé` are no words.
        let odd = (middle.is_uppercase() && lower_before) || beside_other;
        match (odd, LETTERS.contains(middle)) {
            (true, _) => -3,
            (false, true) => 4,
            (false, false) => 1,
        }
    } else if APOSTROPHES.contains(middle) {
        if neighbours.iter().all(|char| char.is_alphanumeric()) {
            3
        } else {
            1
        }
    } else if SIGNS.contains(middle) {
        if in_word { -2 } else { 1 }
    } else {
        -4
    }
}

const LETTERS: &str = "éèêëàâäáåçñíîïóôöúùûüßøæœÉÈÀÄÅÇÑÖÜØÆÁÓÍÚ";
const RARE_LETTERS: &str = "ãõìòýÿÂÊËÎÏÔÛÙÃÕŒŠšŽžŸ";
const APOSTROPHES: &str = "’‘";
const SIGNS: &str = "€£°§©®«»“”„–—…·½¼²³º\u{a0}";

/// Whether all bytes together are UTF-8, seen in chunks that may cut a character.
#[derive(Default)]
struct Utf8Check {
    cut: Vec<u8>,
    broken: bool,
}

impl Utf8Check {
    fn feed(&mut self, bytes: &[u8]) {
        if self.broken {
            return;
        }
        self.cut.extend_from_slice(bytes);
        match std::str::from_utf8(&self.cut) {
            Ok(_) => self.cut.clear(),
            Err(error) if error.error_len().is_none() => {
                self.cut.drain(..error.valid_up_to());
            }
            Err(_) => self.broken = true,
        }
    }

    fn is_valid(&self) -> bool {
        !self.broken && self.cut.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encode(text: &str, encoding: Encoding) -> Vec<u8> {
        (text.chars())
            .map(|char| {
                (0..=255)
                    .find(|byte| encoding.char_of(*byte) == Some(char))
                    .unwrap()
            })
            .collect()
    }

    fn detect(bytes: &[u8]) -> Result<Detected, Undetected> {
        let mut detector = Detector::new();
        for chunk in bytes.chunks(3) {
            detector.feed(chunk);
        }
        detector.finish()
    }

    const TEXTS: [&str; 8] = [
        "Björkvägen 8, Umeå\nÅkerlund, Märta\nSmedjegränd 3\n",
        "Rambla de Cataluña\nMartín\nCádiz, Ávila\nPeñalver\n",
        "rue de l'Éclusier\nBélanger, Geneviève\nQuébec\nCôte à côte, façade\n",
        "Mühlgraben 5\nGroßmann\nKöln\nJäger, Übersee\n",
        "Søndergade\nÆblegården\nRønne\nKjærgaard\n",
        "Martín\n",
        "Jäger\n",
        "Forlì, Nicolò\ncittà nuova\n",
    ];

    #[test]
    fn finds_the_code_page_of_european_names() {
        for text in TEXTS {
            for page in CODE_PAGES {
                // CP437 has no ø, Á and others: nobody can have written them in it.
                let writable = text
                    .chars()
                    .all(|char| (0..=255).any(|byte| page.char_of(byte) == Some(char)));
                if writable {
                    let found = detect(&encode(text, page)).unwrap();
                    let pages = [Some(found.encoding), found.same_as];
                    assert!(pages.contains(&Some(page)), "{text:?} in {page}: {found:?}");
                }
            }
        }
    }

    #[test]
    fn says_which_other_code_page_reads_the_same() {
        assert_eq!(
            detect(b"Mart\xA1n,Berguvsv\x84gen\n"),
            Ok(Detected {
                encoding: Encoding::Cp437,
                same_as: Some(Encoding::Cp850)
            })
        );
    }

    #[test]
    fn unicode_is_known_by_its_mark_or_its_validity() {
        let alone = |encoding| Ok(Detected::alone(encoding));
        assert_eq!(detect("plain".as_bytes()), alone(Encoding::Utf8));
        assert_eq!(detect("Köln".as_bytes()), alone(Encoding::Utf8));
        assert_eq!(detect(b"\xEF\xBB\xBFa"), alone(Encoding::Utf8));
        assert_eq!(detect(b"\xFF\xFEa\0"), alone(Encoding::Utf16Le));
        assert_eq!(detect(b"\xFE\xFF\0a"), alone(Encoding::Utf16Be));
        assert_eq!(detect(b""), alone(Encoding::Utf8));
    }

    #[test]
    fn names_what_a_foreign_file_resembles() {
        let (bytes, _, _) = encoding_rs::SHIFT_JIS.encode("東京都港区の店、大阪の店と京都の店");
        assert_eq!(detect(&bytes).unwrap_err().resembles, "Shift_JIS");
        let (bytes, _, _) = encoding_rs::WINDOWS_1251.encode("Москва, улица Пушкина, магазин");
        assert_eq!(detect(&bytes).unwrap_err().resembles, "windows-1251");
        let (bytes, _, _) = encoding_rs::WINDOWS_1250.encode("Łódź, ulica Świętokrzyska, żółw");
        assert_eq!(detect(&bytes).unwrap_err().resembles, "windows-1250");
    }
}
