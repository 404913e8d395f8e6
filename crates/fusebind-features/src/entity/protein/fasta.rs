//! FASTA to proteins, record by record.
//!
//! Comes in: any reader over FASTA text. Goes out: one [`FastaRecord`] per header; a record that is no protein carries its
//! error and does not end the file. A text that is no FASTA ends with one error.

use std::io::Read;

use needletail::{FastxReader, parse_fastx_reader};

use super::Protein;
use crate::{Error, ErrorKind};

/// One record: its identifier and its protein, or why it is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FastaRecord {
    /// First word of the header.
    pub id: String,
    /// Rest of the header.
    pub description: String,
    /// Line of the header, from 1.
    pub line: u64,
    /// The protein.
    pub protein: Result<Protein, Error>,
}

/// Iterator over the records of a FASTA text.
pub struct FastaRecords<'a> {
    reader: Option<Box<dyn FastxReader + 'a>>,
}

fn broken(error: impl std::fmt::Display) -> Error {
    Error::new(ErrorKind::Protein, format!("no FASTA text: {error}"))
}

impl<'a> FastaRecords<'a> {
    /// Opens FASTA text; an empty text or one that does not start with `>` is refused.
    pub fn new(reader: impl Read + Send + 'a) -> Result<Self, Error> {
        Ok(Self {
            reader: Some(parse_fastx_reader(reader).map_err(broken)?),
        })
    }
}

impl Iterator for FastaRecords<'_> {
    type Item = Result<FastaRecord, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let answer = match self.reader.as_mut()?.next()? {
            Ok(record) if record.qual().is_none() => {
                let header = String::from_utf8_lossy(record.id()).into_owned();
                let (id, description) = header.split_once(char::is_whitespace).unwrap_or((&header, ""));
                let sequence = record.seq();
                let protein = std::str::from_utf8(&sequence)
                    .map_err(|error| {
                        Error::new(ErrorKind::Protein, "the sequence is not UTF-8 text").at(error.valid_up_to())
                    })
                    .and_then(Protein::parse);
                let line = record.start_line_number();
                Ok(FastaRecord {
                    id: id.into(),
                    description: description.trim().into(),
                    line,
                    protein,
                })
            }
            Ok(_) => Err(broken("it is FASTQ, reads of nucleotides; give protein FASTA")),
            Err(error) => Err(broken(error)),
        };
        if answer.is_err() {
            // Where the next record starts cannot be known behind broken text.
            self.reader = None;
        }
        Some(answer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bad_records_do_not_end_the_file() {
        let text = ">P1 kinase one\nMKTA\nYIA*\n>P2\nMK1A\n>P4\r\nacdef\r\n";
        let records: Vec<FastaRecord> = FastaRecords::new(text.as_bytes())
            .expect("FASTA")
            .collect::<Result<_, _>>()
            .expect("readable");
        assert_eq!(records.len(), 3);
        assert_eq!(
            (records[0].id.as_str(), records[0].description.as_str()),
            ("P1", "kinase one")
        );
        assert_eq!(records[0].protein.as_ref().map(|p| p.sequence.as_str()), Ok("MKTAYIA"));
        assert!(
            records[1]
                .protein
                .as_ref()
                .is_err_and(|error| error.position() == Some(2))
        );
        assert_eq!(records[1].line, 4);
        assert_eq!(records[2].protein.as_ref().map(|p| p.sequence.as_str()), Ok("ACDEF"));
    }

    #[test]
    fn what_is_no_fasta_is_refused() {
        assert!(FastaRecords::new("".as_bytes()).is_err());
        assert!(FastaRecords::new("id,sequence\nP1,MKTA\n".as_bytes()).is_err());
        let fastq = FastaRecords::new("@read\nACGT\n+\nIIII\n".as_bytes()).expect("FASTQ is read");
        assert!(fastq.last().is_some_and(|record| record.is_err()));
    }
}
