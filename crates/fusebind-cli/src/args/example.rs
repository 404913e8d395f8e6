//! An example under the help of each command. The commands are those of the README, in its order, so that a reader can follow them.

pub const FUSEBIND: &str = "Example: fusebind demo";
pub const DEMO: &str = "Example: fusebind demo --quick --out my-demo";
pub const DATA: &str = "Example: fusebind data check my_pairs.csv";
pub const DATA_CHECK: &str = "Example: fusebind data check my_pairs.csv --rejected rejected.csv";
pub const DATA_SPLIT: &str = "Example: fusebind data split my_pairs.csv --by unseen-drug --seed 1 -o split.csv";
pub const DATA_PREPARE: &str =
    "Example: fusebind data prepare my_pairs.csv --duplicates median --negatives random -o prepared";
pub const DATA_IMPORT: &str = "\
Example: fusebind data import bindingdb BindingDB_All.tsv -o bindingdb
         fusebind data import chembl chembl_36.db -o chembl";
pub const DATA_MERGE: &str = "Example: fusebind data merge inhouse.csv chembl --duplicates median -o all";
pub const DATA_EXCLUDE: &str = "Example: fusebind data exclude all --pairs external_test.csv -o honest";
pub const DATA_SCREENING: &str = "Example: fusebind data screening my_pairs.csv -o screening";
pub const DATA_SIMULATE: &str = "Example: fusebind data simulate --drugs 300 --targets 60 --pairs 5000 -o simulated";
pub const RECIPE: &str = "Example: fusebind recipe list";
pub const RECIPE_LIST: &str = "Example: fusebind recipe list";
pub const RECIPE_COPY: &str = "Example: fusebind recipe copy default my.toml";
pub const RECIPE_CHECK: &str = "Example: fusebind recipe check my.toml";
pub const TRAIN: &str = "\
Example: fusebind train default --data my_pairs.csv --split split.csv --out runs/first
         fusebind train default --data DIR --split split.csv --modalities DIR/modalities --out runs/full";
pub const EVALUATE: &str = "\
Example: fusebind evaluate runs/first
         fusebind evaluate runs/first --data other_pairs.csv --split other_split.csv --json";
pub const ROBUSTNESS: &str = "Example: fusebind robustness runs/full -o robustness";
pub const ABLATE: &str = "\
Example: fusebind ablate default --list
         fusebind ablate default --data DIR --split split.csv --modalities DIR/modalities -o ablation";
pub const CALIBRATE: &str = "Example: fusebind calibrate runs/first --data own_pairs.csv -o calibrated.safetensors";
pub const PREDICT: &str = "\
Example: fusebind predict runs/first --smiles \"CC(=O)Oc1ccccc1C(=O)O\" --sequence MKTAYIAKQRQISFVKSHFSRQLEERLGLIEVQ
         fusebind predict runs/first --drugs library.sdf --targets targets.fasta -o predictions.parquet";
pub const EMBED: &str = "\
Example: fusebind embed --encoder esm2_t12_35M_UR50D --targets targets.fasta -o modalities/embedding_sequence_esm2.parquet
         fusebind embed --encoder all-MiniLM-L6-v2 --texts text_drug.csv --pooling mean-all -o modalities/embedding_text_minilm.parquet";
pub const LIBRARY: &str = "\
Example: fusebind library build library.smi.gz --model runs/first -o LIB
         fusebind screen run runs/first --library LIB --targets targets.fasta -o hits.parquet";
pub const LIBRARY_BUILD: &str = "\
Example: fusebind library build library.smi.gz more.sdf --model runs/first --distinct -o LIB
         fusebind library build new.csv --model runs/first --distinct --append -o LIB";
pub const LIBRARY_INFO: &str = "Example: fusebind library info LIB";
pub const LIBRARY_CHECK: &str = "Example: fusebind library check LIB --model runs/first";
pub const SCREEN: &str =
    "Example: fusebind screen run runs/first --library library.smi.gz --targets targets.fasta -o hits.parquet";
pub const SCREEN_RUN: &str = "\
Example: fusebind screen run runs/first --library library.smi.gz --targets targets.fasta -o hits.parquet
         fusebind screen run runs/first --library a.sdf b.csv --targets targets.fasta --work units --shard 1/8
         fusebind screen run runs/first --library LIB --targets targets.fasta --candidates 50000 -o hits.parquet
         fusebind screen run runs/first --smiles CCO --targets proteome.fasta --top 50 -o targets.csv";
pub const SCREEN_MERGE: &str = "Example: fusebind screen merge units -o hits.parquet";
pub const SCREEN_STATUS: &str = "Example: fusebind screen status units";
pub const QUALITY: &str =
    "Example: fusebind quality estimate runs/full --data new.csv --modalities new_modalities -o rates.json";
pub const QUALITY_REASONS: &str = "Example: fusebind quality reasons runs/first --data my_pairs.csv";
pub const QUALITY_PLANTED: &str = "\
Example: fusebind data simulate --rule keys -o keys
         fusebind data split keys --by random -o split.csv
         fusebind train demo --data keys --split split.csv --out run
         fusebind quality planted run --data keys";
pub const MODEL_INFO: &str = "Example: fusebind model info runs/first";
pub const MODEL_STRIP: &str = "Example: fusebind model strip runs/first -o stripped.safetensors";
pub const SERVE: &str = "\
Example: fusebind serve runs/first
         fusebind serve runs/first --port 8080 --results served";

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    fn every_command_has_one(command: &clap::Command) {
        assert!(
            command
                .get_after_help()
                .is_some_and(|text| text.to_string().contains("Example: fusebind")),
            "{}",
            command.get_name()
        );
        command.get_subcommands().for_each(every_command_has_one);
    }

    #[test]
    fn every_command_shows_an_example_that_can_be_parsed() {
        every_command_has_one(&crate::args::Cli::command());
        for examples in [
            super::DEMO,
            super::SERVE,
            super::DATA_CHECK,
            super::DATA_SPLIT,
            super::DATA_PREPARE,
            super::DATA_IMPORT,
            super::DATA_MERGE,
            super::DATA_EXCLUDE,
            super::DATA_SCREENING,
            super::DATA_SIMULATE,
            super::RECIPE_LIST,
            super::RECIPE_COPY,
            super::RECIPE_CHECK,
            super::TRAIN,
            super::EVALUATE,
            super::ROBUSTNESS,
            super::ABLATE,
            super::CALIBRATE,
            super::EMBED,
            super::LIBRARY,
            super::LIBRARY_BUILD,
            super::LIBRARY_INFO,
            super::LIBRARY_CHECK,
            super::SCREEN,
            super::SCREEN_RUN,
            super::SCREEN_MERGE,
            super::SCREEN_STATUS,
            super::QUALITY,
            super::QUALITY_REASONS,
            super::QUALITY_PLANTED,
            super::MODEL_INFO,
            super::MODEL_STRIP,
        ] {
            for line in examples.lines() {
                let words = line.trim_start_matches("Example:").split_whitespace();
                let parsed = crate::args::Cli::command().try_get_matches_from(words);
                assert!(parsed.is_ok(), "{line}: {:?}", parsed.err());
            }
        }
    }
}
