"""Predicts a table with Spark: each task opens the model once and predicts its batches as Arrow tables.

    spark-submit deploy/spark.py MODEL PAIRS.parquet OUT_FOLDER

PAIRS has the columns `smiles` and `sequence`. A task that is lost is run again; its rows get the same bits.
"""

import sys

from pyspark.sql import SparkSession
from pyspark.sql.pandas.types import from_arrow_schema

import fusebind


def predict(path):
    def batches(parts):
        model = fusebind.load(path)
        for part in parts:
            yield from model.predict(part, keep_columns="*", progress=False).to_arrow().to_batches()

    return batches


def main(model, pairs, out):
    spark = SparkSession.builder.appName("fusebind").getOrCreate()
    table = spark.read.parquet(pairs)
    # The columns of the result, from no row.
    none = fusebind.load(model).predict(table.limit(0).toArrow(), keep_columns="*").to_arrow()
    schema = from_arrow_schema(none.schema)
    table.mapInArrow(predict(model), schema).write.mode("overwrite").parquet(out)


if __name__ == "__main__":
    main(*sys.argv[1:])
