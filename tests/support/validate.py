#!/usr/bin/python3
"""validate.py SCHEMA < JSON: holds every JSON document on standard input (one, or one a line) against a schema.

Exit 0: all are valid, and there was at least one. Exit 1: it says which is not, and where.
"""
import json
import pathlib
import sys

import jsonschema


def strict(text):
    """One document, without what Python's parser lets pass: duplicate keys and NaN."""
    def members(pairs):
        names = [name for name, _ in pairs]
        if len(set(names)) != len(names):
            raise ValueError(f"duplicate key among {names}")
        return dict(pairs)

    def no_constant(word):
        raise ValueError(f"{word} is not JSON")

    return json.loads(text, object_pairs_hook=members, parse_constant=no_constant)


def documents(text):
    try:
        return [strict(text)]
    except json.JSONDecodeError as error:
        if not error.msg.startswith("Extra data"):
            raise
    return [strict(line) for line in text.splitlines() if line.strip()]


def validator(path):
    """Of the schema in this file, which may refer to those beside it."""
    path = pathlib.Path(path)
    schemas = {file.name: json.loads(file.read_text(encoding="utf-8")) for file in path.parent.glob("*.schema.json")}
    schema = schemas[path.name]
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema, resolver=jsonschema.RefResolver(path.name, schema, store=schemas))


def problems(validator, document):
    """Where and why `document` does not fit, in words; empty when it does."""
    return [f"{error.json_path}: {error.message[:300]}" for error in validator.iter_errors(document)]


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    schema = validator(sys.argv[1])
    try:
        found = [f"document {number}: {problem}"
                 for number, document in enumerate(documents(sys.stdin.buffer.read().decode("utf-8")), 1)
                 for problem in problems(schema, document)]
    except ValueError as error:
        found = [f"not JSON: {error}"]
    if found:
        sys.exit("\n".join(found))


if __name__ == "__main__":
    main()
