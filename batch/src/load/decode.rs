//! A file's bytes as UTF-8, with the place of the first one that can't be decoded.

use super::encoding::Encoding;
use encoding_rs::DecoderResult;
use std::collections::VecDeque;
use std::io::{self, Read};

/// Where and what could not be decoded. Travels inside an [`io::Error`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("byte {offset} ({bytes}) is not {encoding}")]
pub struct Undecodable {
    /// From 1.
    pub line: u64,
    /// From the file's first byte, which has offset 0.
    pub offset: u64,
    /// In hexadecimal.
    pub bytes: String,
    pub encoding: Encoding,
}

const CHUNK: usize = 64 * 1024;

/// Reads UTF-8 without a byte order mark. Ends the last line where the file does not, so that
/// every record is followed by a newline.
pub(crate) struct Utf8Reader<R> {
    source: R,
    encoding: Encoding,
    unicode: Option<encoding_rs::Decoder>,
    raw: Vec<u8>,
    text: Vec<u8>,
    /// What of `text` was given away.
    given: usize,
    /// Bytes of the file that were decoded.
    offset: u64,
    line: u64,
    ended: bool,
    places: Places,
}

/// Where the newlines of the text are, as far as nobody has asked beyond them.
#[derive(Default)]
struct Places {
    text_offset: u64,
    newlines: VecDeque<u64>,
    newlines_before: u64,
}

impl Places {
    fn see(&mut self, text: &[u8]) {
        let newlines = (self.text_offset..)
            .zip(text)
            .filter(|(_, byte)| **byte == b'\n');
        self.newlines.extend(newlines.map(|(offset, _)| offset));
        self.text_offset += text.len() as u64;
    }
}

impl<R: Read> Utf8Reader<R> {
    pub(crate) fn new(mut source: R, encoding: Encoding) -> io::Result<Self> {
        let mark = encoding.mark();
        let mut start = Vec::new();
        (&mut source)
            .take(mark.len() as u64)
            .read_to_end(&mut start)?;
        let marked = !mark.is_empty() && start == mark;
        let unicode = match encoding {
            Encoding::Utf8 => Some(encoding_rs::UTF_8),
            Encoding::Utf16Le => Some(encoding_rs::UTF_16LE),
            Encoding::Utf16Be => Some(encoding_rs::UTF_16BE),
            _ => None,
        };
        let mut reader = Self {
            source,
            encoding,
            unicode: unicode.map(encoding_rs::Encoding::new_decoder_without_bom_handling),
            raw: vec![0; CHUNK],
            // Room for the longest decoding: three bytes for each one.
            text: Vec::with_capacity(3 * CHUNK + 16),
            given: 0,
            offset: if marked { mark.len() as u64 } else { 0 },
            line: 1,
            ended: false,
            places: Places::default(),
        };
        if !marked {
            reader.decode(&start, false)?;
        }
        Ok(reader)
    }

    /// The line, from 1, that holds the byte of the decoded text at `offset`. Offsets must not
    /// fall from call to call.
    pub(crate) fn line_at(&mut self, offset: u64) -> u64 {
        let places = &mut self.places;
        while places
            .newlines
            .pop_front_if(|newline| *newline < offset)
            .is_some()
        {
            places.newlines_before += 1;
        }
        places.newlines_before + 1
    }

    fn fill(&mut self) -> io::Result<()> {
        let last_byte = self.text.last().copied();
        self.text.clear();
        self.given = 0;
        while self.text.is_empty() && !self.ended {
            let mut raw = std::mem::take(&mut self.raw);
            let read = read_some(&mut self.source, &mut raw);
            let decoded = read.and_then(|length| {
                self.ended = length == 0;
                self.decode(&raw[..length], length == 0)
            });
            self.raw = raw;
            decoded?;
        }
        if self.text.is_empty() && last_byte.is_some_and(|byte| byte != b'\n') {
            self.text.push(b'\n');
        }
        Ok(())
    }

    fn decode(&mut self, raw: &[u8], last: bool) -> io::Result<()> {
        let start = self.text.len();
        let result = match &mut self.unicode {
            Some(decoder) => decode_unicode(decoder, raw, last, &mut self.text),
            None => decode_page(self.encoding, raw, &mut self.text),
        };
        self.line += newlines(&self.text[start..]);
        if let Err(Bad { end, length }) = result {
            let first = end.saturating_sub(length);
            return Err(io::Error::other(Undecodable {
                line: self.line,
                offset: (self.offset + end as u64).saturating_sub(length as u64),
                bytes: hex::encode_upper(&raw[first..end]),
                encoding: self.encoding,
            }));
        }
        self.offset += raw.len() as u64;
        Ok(())
    }
}

impl<R: Read> Read for Utf8Reader<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.given == self.text.len() {
            self.fill()?;
        }
        let rest = &self.text[self.given..];
        let length = rest.len().min(out.len());
        out[..length].copy_from_slice(&rest[..length]);
        self.given += length;
        self.places.see(&out[..length]);
        Ok(length)
    }
}

/// The bytes before `end` of a chunk can't be decoded. Some of them may stand in the chunk before.
struct Bad {
    end: usize,
    length: usize,
}

fn decode_page(encoding: Encoding, raw: &[u8], text: &mut Vec<u8>) -> Result<(), Bad> {
    for (index, &byte) in raw.iter().enumerate() {
        let char = encoding.char_of(byte).ok_or(Bad {
            end: index + 1,
            length: 1,
        })?;
        text.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes());
    }
    Ok(())
}

fn decode_unicode(
    decoder: &mut encoding_rs::Decoder,
    raw: &[u8],
    last: bool,
    text: &mut Vec<u8>,
) -> Result<(), Bad> {
    let start = text.len();
    let room = decoder
        .max_utf8_buffer_length_without_replacement(raw.len())
        .unwrap_or(4 * CHUNK);
    text.resize(start + room, 0);
    let (result, read, written) =
        decoder.decode_to_utf8_without_replacement(raw, &mut text[start..], last);
    text.truncate(start + written);
    match result {
        DecoderResult::InputEmpty | DecoderResult::OutputFull => Ok(()),
        DecoderResult::Malformed(length, after) => Err(Bad {
            end: read.saturating_sub(usize::from(after)),
            length: usize::from(length),
        }),
    }
}

fn read_some(source: &mut impl Read, raw: &mut [u8]) -> io::Result<usize> {
    loop {
        match source.read(raw) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

fn newlines(text: &[u8]) -> u64 {
    text.iter().map(|byte| u64::from(*byte == b'\n')).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(bytes: &[u8], encoding: Encoding) -> Result<String, Undecodable> {
        let mut text = String::new();
        let read = Utf8Reader::new(bytes, encoding)
            .and_then(|mut reader| reader.read_to_string(&mut text));
        match read {
            Ok(_) => Ok(text),
            Err(error) => Err(error.downcast().unwrap()),
        }
    }

    #[test]
    fn skips_the_mark_and_ends_the_last_line() {
        assert_eq!(read(b"\xEF\xBB\xBFa\nb", Encoding::Utf8).unwrap(), "a\nb\n");
        assert_eq!(read(b"\xFF\xFEa\0\n\0", Encoding::Utf16Le).unwrap(), "a\n");
        assert_eq!(read(b"\0a", Encoding::Utf16Be).unwrap(), "a\n");
        assert_eq!(read(b"", Encoding::Utf8).unwrap(), "");
    }

    #[test]
    fn names_line_and_byte_of_what_can_not_be_decoded() {
        let error = read(b"a\nb\xFFc\n", Encoding::Utf8).unwrap_err();
        assert_eq!(
            (error.line, error.offset, error.bytes.as_str()),
            (2, 3, "FF")
        );
        let error = read(b"a\n\x81\n", Encoding::Windows1252).unwrap_err();
        assert_eq!(
            (error.line, error.offset, error.bytes.as_str()),
            (2, 2, "81")
        );
        let error = read(b"ab\xC3", Encoding::Utf8).unwrap_err();
        assert_eq!((error.line, error.offset), (1, 2));
        let error = read(b"a\0\0", Encoding::Utf16Le).unwrap_err();
        assert_eq!((error.line, error.offset), (1, 2));
    }

    proptest! {
        #[test]
        fn any_text_comes_back(text in "[a-zé漢🙂\n]{0,40}") {
            let mut expected = text.clone();
            if !text.is_empty() && !text.ends_with('\n') {
                expected.push('\n');
            }
            prop_assert_eq!(read(text.as_bytes(), Encoding::Utf8), Ok(expected.clone()));
            let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
            prop_assert_eq!(read(&wide, Encoding::Utf16Le), Ok(expected));
        }
    }
}
