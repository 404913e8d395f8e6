//! Texts to embeddings.
//!
//! Comes in: an encoder, what to take of it, and texts. Goes out: for each text its values, as soon as they are known. Texts are sorted by
//! length and put behind each other, never padded; each pack of them is the work of one thread.

use rayon::prelude::*;

use crate::{
    Encoder, Error, Precision,
    tokenizer::Content,
    window::{Window, windows},
};

/// Tokens of a pack: enough that weights are read for many tokens at once, few enough that threads end together.
const PACK: usize = 512;
/// Share of unknown tokens from which on an encoder is the wrong one.
const MOST_UNKNOWN: f64 = 0.5;

/// What becomes of the states of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pooling {
    /// Their mean over the tokens of the text.
    Mean,
    /// Their mean over all tokens, those before and behind the text included, as sentence encoders are used.
    MeanAll,
    /// The state of the first token, which stands before the text.
    First,
    /// All states of the tokens of the text.
    PerToken,
}

/// What to take of an encoder.
#[derive(Clone, Debug)]
pub struct EmbedConfig {
    /// What the texts are.
    pub content: Content,
    /// Layer; 0 is the embeddings.
    pub layer: usize,
    /// Pooling.
    pub pooling: Pooling,
    /// Most tokens at once, those before and behind the text included.
    pub window: usize,
    /// Tokens that neighbouring windows share.
    pub overlap: usize,
}

impl EmbedConfig {
    /// The last layer of `encoder`, its whole window, a quarter of which overlaps.
    pub fn of(encoder: &Encoder, content: Content, pooling: Pooling) -> Self {
        let window = encoder.window();
        Self {
            content,
            layer: encoder.layers(),
            pooling,
            window,
            overlap: window / 4,
        }
    }

    /// All that an embedding depends on but its text, for [`Store::open`](crate::Store::open). The version stands for how it is computed.
    pub fn key(&self, encoder: &Encoder, precision: Precision) -> String {
        let version = env!("CARGO_PKG_VERSION");
        format!("{version} {} {self:?} {precision:?}", encoder.fingerprint())
    }

    /// Whether `encoder` can do this.
    ///
    /// # Errors
    /// Where it has no such layer or window, or no token before a text.
    pub fn check(&self, encoder: &Encoder) -> Result<(), Error> {
        let frame = encoder.tokens.before.len() + encoder.tokens.behind.len();
        if self.layer > encoder.layers() {
            let message = format!("there is no layer {}", self.layer);
            return Err(Error::new(
                message,
                format!("name a layer from 0 to {}", encoder.layers()),
            ));
        }
        if self.window > encoder.window() || self.window <= frame {
            let message = format!("a window of {} tokens does not go with this encoder", self.window);
            return Err(Error::new(
                message,
                format!("name one from {} to {}", frame + 1, encoder.window()),
            ));
        }
        if self.overlap >= self.window - frame {
            let message = format!("windows of {} tokens cannot share {}", self.window, self.overlap);
            return Err(Error::new(message, "name a smaller overlap"));
        }
        if self.pooling == Pooling::First && encoder.tokens.before.is_empty() {
            return Err(Error::new(
                "this encoder has no token before the text",
                "pool by the mean",
            ));
        }
        Ok(())
    }
}

/// A text that is cut into windows.
struct Cut {
    text: usize,
    ids: Vec<u32>,
    windows: Vec<Window>,
}

/// Texts that are ready to be embedded.
pub struct Plan<'e> {
    encoder: &'e Encoder,
    config: EmbedConfig,
    /// Longest first.
    cuts: Vec<Cut>,
    /// Texts without a single token.
    pub empty: Vec<usize>,
    /// Tokens of all windows.
    pub tokens: u64,
}

impl<'e> Plan<'e> {
    /// Makes tokens of `texts`.
    ///
    /// # Errors
    /// Where the encoder cannot do what `config` asks, or its tokeniser does not read such texts.
    pub fn new(encoder: &'e Encoder, config: &EmbedConfig, texts: &[&str]) -> Result<Self, Error> {
        config.check(encoder)?;
        let frame = encoder.tokens.before.len() + encoder.tokens.behind.len();
        let cut = |(text, content): (usize, &&str)| {
            let ids = encoder.content_ids(content, config.content)?;
            let windows = windows(ids.len(), config.window - frame, config.overlap);
            Ok(Cut { text, ids, windows })
        };
        let cuts: Vec<Cut> = texts.par_iter().enumerate().map(cut).collect::<Result<_, Error>>()?;
        let (empty, mut cuts): (Vec<_>, Vec<_>) = cuts.into_iter().partition(|cut| cut.ids.is_empty());
        cuts.sort_by_key(|cut| std::cmp::Reverse(cut.ids.len()));
        let windows = cuts.iter().flat_map(|cut| &cut.windows);
        Ok(Self {
            encoder,
            config: config.clone(),
            tokens: windows.map(|window| (window.tokens.len() + frame) as u64).sum(),
            empty: empty.into_iter().map(|cut| cut.text).collect(),
            cuts,
        })
    }

    /// Refuses an encoder that does not know most of what the texts consist of.
    ///
    /// # Errors
    /// Where it is one of something else.
    pub fn refuse_unknown(self) -> Result<Self, Error> {
        let ids = || self.cuts.iter().flat_map(|cut| &cut.ids);
        let is_unknown = |id: &&u32| self.encoder.tokens.is_unknown(**id);
        let (unknown, all) = (ids().filter(is_unknown).count(), ids().count());
        if unknown as f64 > MOST_UNKNOWN * all as f64 {
            let message = format!("the encoder does not know {unknown} of the {all} tokens");
            let remedy = "use an encoder of such inputs: of proteins, of molecules or of texts";
            return Err(Error::new(message, remedy));
        }
        Ok(self)
    }

    /// Embeds the texts; `done` gets the position of a text and its values, `[D]` or `[tokens, D]`, in no particular order.
    ///
    /// # Errors
    /// What `done` says.
    pub fn run(&self, done: &(impl Fn(usize, &[f32]) -> Result<(), Error> + Sync)) -> Result<(), Error> {
        let mut packs: Vec<&[Cut]> = Vec::new();
        let (mut start, mut tokens) = (0, 0);
        for (at, cut) in self.cuts.iter().enumerate() {
            if at > start && tokens + cut.ids.len() > PACK {
                packs.push(&self.cuts[start..at]);
                (start, tokens) = (at, 0);
            }
            tokens += cut.ids.len();
        }
        packs.push(&self.cuts[start..]);
        // One pack after the other, so that the longest come first and the shortest fill up the end.
        packs
            .par_iter()
            .with_max_len(1)
            .try_for_each(|pack| self.pack(pack, done))
    }

    fn pack(&self, pack: &[Cut], done: &impl Fn(usize, &[f32]) -> Result<(), Error>) -> Result<(), Error> {
        let tokens = &self.encoder.tokens;
        let framed =
            |cut: &Cut, window: &Window| [&tokens.before[..], &cut.ids[window.tokens.clone()], &tokens.behind].concat();
        let ids: Vec<Vec<u32>> = pack
            .iter()
            .flat_map(|cut| cut.windows.iter().map(|window| framed(cut, window)))
            .collect();
        // A long text is many packs of its own.
        let mut states = Vec::with_capacity(ids.len());
        let mut rest = &ids[..];
        while !rest.is_empty() {
            let mut sum = 0;
            let fits = |ids: &&Vec<u32>| {
                sum += ids.len();
                sum <= 2 * PACK
            };
            let count = rest.iter().take_while(fits).count().max(1);
            let sequences: Vec<&[u32]> = rest[..count].iter().map(Vec::as_slice).collect();
            states.extend(self.encoder.states(&sequences, self.config.layer));
            rest = &rest[count..];
        }
        let mut states = states.into_iter();
        for cut in pack {
            let states: Vec<Vec<f32>> = states.by_ref().take(cut.windows.len()).collect();
            done(cut.text, &self.pooled(cut, &states))?;
        }
        Ok(())
    }

    /// The values of a text from the states of its windows.
    fn pooled(&self, cut: &Cut, states: &[Vec<f32>]) -> Vec<f32> {
        let (width, before) = (self.encoder.width(), self.encoder.tokens.before.len());
        let mut values = Vec::new();
        for (at, (window, states)) in cut.windows.iter().zip(states).enumerate() {
            let shift = before + window.counted.start - window.tokens.start;
            let counted = shift..shift + window.counted.len();
            let (is_first, is_last) = (at == 0, at + 1 == cut.windows.len());
            let rows = match self.config.pooling {
                Pooling::Mean | Pooling::PerToken => counted,
                Pooling::First => 0..1,
                // What stands before and behind the text counts once.
                Pooling::MeanAll => {
                    let start = if is_first { 0 } else { counted.start };
                    start..if is_last { states.len() / width } else { counted.end }
                }
            };
            values.extend_from_slice(&states[rows.start * width..rows.end * width]);
        }
        if self.config.pooling == Pooling::PerToken {
            values
        } else {
            mean(&values, width)
        }
    }
}

/// The mean of rows, summed in double precision.
fn mean(rows: &[f32], width: usize) -> Vec<f32> {
    let mut sums = vec![0.0f64; width];
    for row in rows.chunks_exact(width) {
        sums.iter_mut().zip(row).for_each(|(sum, x)| *sum += f64::from(*x));
    }
    let count = (rows.len() / width).max(1) as f64;
    sums.into_iter().map(|sum| (sum / count) as f32).collect()
}
