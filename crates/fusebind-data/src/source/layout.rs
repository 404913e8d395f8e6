//! How a text table is laid out: lines above the header, and the delimiter.
//!
//! Comes in: the first bytes of the text. Goes out: [`Layout`]. The delimiter is the one that divides most lines into the same number
//! of cells; a line above them that it does not divide is a title.

/// Lines that are looked at.
const LINES: usize = 50;
/// Most title rows above a header.
const TITLES: usize = 20;
const DELIMITERS: [u8; 4] = [b',', b'\t', b';', b'|'];

/// Where the header begins, and what divides the cells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Layout {
    /// Lines above the header.
    pub(super) skipped: usize,
    /// Whether a line above the header says more than `sep=;`.
    pub(super) titles: usize,
    /// `None` where only blanks divide the cells.
    pub(super) delimiter: Option<u8>,
    /// Whether the header stands behind `#`.
    pub(super) marked: bool,
}

/// Layout of a text that begins with `head`. `preferred` counts where two delimiters fit equally well; `known` says whether a word
/// names a column.
pub(super) fn layout(head: &[u8], preferred: u8, known: &dyn Fn(&str) -> bool) -> Layout {
    let mut lines: Vec<&[u8]> = head.split(|byte| *byte == b'\n').take(LINES + TITLES).collect();
    if lines.len() > 1 && lines.len() < LINES + TITLES && head.len() >= super::text::HEAD {
        // The last line is not whole.
        lines.pop();
    }
    let stated = lines.first().and_then(|line| separator(line));
    let first = usize::from(stated.is_some());
    let comment = |line: &[u8]| line.trim_ascii_start().starts_with(b"#");
    let body: Vec<(usize, &[u8])> = lines
        .iter()
        .copied()
        .enumerate()
        .skip(first)
        .filter(|(_, line)| !line.trim_ascii().is_empty() && !comment(line))
        .take(LINES)
        .collect();
    let delimiter = stated.or_else(|| delimiter(&body, preferred));
    let named = |line: &[u8]| {
        let text = String::from_utf8_lossy(line);
        let cells = text.split(|c: char| delimiter.map_or(c.is_whitespace(), |d| c == char::from(d)));
        cells
            .into_iter()
            .any(|cell| known(cell.trim_matches(['#', '"', ' ', '\r'])))
    };
    let above = match delimiter {
        Some(delimiter) => title_rows(&body, delimiter, &named),
        None => 0,
    };
    let header = body.get(above).map_or(first, |(at, _)| *at);
    // `#smiles,name` is a header as well, unless the line below is one.
    let marked = header > first
        && comment(lines[header - 1])
        && named(lines[header - 1])
        && !named(lines[header])
        && delimiter.is_none_or(|d| cells(lines[header - 1], d) == cells(lines[header], d));
    let skipped = header - usize::from(marked);
    let blank = lines[first..skipped].iter().filter(|line| line.trim_ascii().is_empty());
    Layout {
        skipped,
        titles: skipped - first - blank.count(),
        delimiter,
        marked,
    }
}

/// The delimiter of a first line such as `sep=;`, which Excel reads.
fn separator(line: &[u8]) -> Option<u8> {
    let line = line.trim_ascii().trim_ascii_start();
    let line = line
        .strip_prefix(b"\"")
        .and_then(|l| l.strip_suffix(b"\""))
        .unwrap_or(line);
    match line {
        [s, e, p, b'=', delimiter] if [s, e, p].map(|b| b.to_ascii_lowercase()) == *b"sep" => Some(*delimiter),
        // A tab is trimmed with the line end.
        [s, e, p, b'='] if [s, e, p].map(|b| b.to_ascii_lowercase()) == *b"sep" => Some(b'\t'),
        _ => None,
    }
}

/// Cells of a line: delimiters outside of quotes, and one more.
fn cells(line: &[u8], delimiter: u8) -> usize {
    let mut quoted = false;
    let mut count = 1;
    for byte in line {
        match *byte {
            b'"' => quoted = !quoted,
            byte if byte == delimiter && !quoted => count += 1,
            _ => {}
        }
    }
    count
}

/// The number of cells that most lines have, and how many lines have it.
fn usual(body: &[(usize, &[u8])], delimiter: u8) -> (usize, usize) {
    let counts: Vec<usize> = body.iter().map(|(_, line)| cells(line, delimiter)).collect();
    let agreeing = |count: usize| counts.iter().filter(|other| **other == count).count();
    let best = counts
        .iter()
        .filter(|count| **count > 1)
        .max_by_key(|count| (agreeing(**count), **count));
    best.map_or((1, 0), |count| (*count, agreeing(*count)))
}

fn delimiter(body: &[(usize, &[u8])], preferred: u8) -> Option<u8> {
    let best = DELIMITERS.into_iter().max_by_key(|delimiter| {
        let (width, agreeing) = usual(body, *delimiter);
        // A title is rarer than a header in the first line.
        let first = body.first().is_some_and(|(_, line)| cells(line, *delimiter) > 1);
        (agreeing, first, *delimiter == preferred, width)
    })?;
    (usual(body, best).1 > 0).then_some(best)
}

/// Lines above the first one that has the usual number of filled cells.
fn title_rows(body: &[(usize, &[u8])], delimiter: u8, named: &dyn Fn(&[u8]) -> bool) -> usize {
    let (width, agreeing) = usual(body, delimiter);
    let filled = |line: &[u8]| {
        line.split(|byte| *byte == delimiter)
            .filter(|cell| !cell.trim_ascii().is_empty())
            .count()
    };
    let title = |at: usize| {
        let line = body[at].1;
        let short = cells(line, delimiter) < width && agreeing > 1;
        // Excel pads a title with empty cells.
        let padded = filled(line) == 1
            && !line.starts_with(&[delimiter])
            && body.get(at + 1).is_some_and(|(_, next)| filled(next) > 1);
        (short || padded) && !named(line)
    };
    let above = (0..body.len().min(TITLES)).take_while(|at| title(*at)).count();
    match body.get(above) {
        Some((_, line)) if cells(line, delimiter) == width => above,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> (usize, Option<char>) {
        let found = layout(text.as_bytes(), b',', &|word| word == "smiles" || word == "id");
        (found.skipped, found.delimiter.map(char::from))
    }

    #[test]
    fn the_delimiter_divides_all_lines_alike() {
        assert_eq!(of("id,smiles\nd1,C\n"), (0, Some(',')));
        assert_eq!(of("id;ki\nd1;1,5\nd2;2,5\n"), (0, Some(';')));
        assert_eq!(of("id\tname\nd1\ta, b\nd2\tc, d\n"), (0, Some('\t')));
        assert_eq!(of("id|smiles\nd1|C\n"), (0, Some('|')));
        assert_eq!(of("smiles\nC\nCC\n"), (0, None));
    }

    #[test]
    fn what_stands_above_the_header_is_skipped() {
        assert_eq!(of("sep=;\nid;smiles\nd1;C\n"), (1, Some(';')));
        assert_eq!(of("Kinases, 2024\n\nid;smiles;x\nd1;C;1\nd2;C;2\n"), (2, Some(';')));
        assert_eq!(of("Export of today,,\nid,smiles,x\nd1,C,1\n"), (1, Some(',')));
        assert_eq!(of("# made by hand\nid,smiles\nd1,C\n"), (1, Some(',')));
        assert_eq!(of("# made by hand\n#id,smiles\nd1,C\n"), (1, Some(',')));
        assert_eq!(of("id\nd1,C\nd2,CC\n"), (0, Some(',')));
    }
}
