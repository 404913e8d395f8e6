//! Readers: CSV, TSV, Parquet, SDF, FASTA and data set folders.
