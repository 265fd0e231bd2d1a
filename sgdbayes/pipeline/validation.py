"""A configuration against its schema: defaults filled in, and the first mistake told in one line."""

import copy
import difflib
from collections.abc import Iterator, Mapping
from typing import Any

import jsonschema

from sgdbayes.pipeline.mistakes import ConfigurationError, number_hint, unknown_name

__all__ = ["validated"]


def validated(config: Mapping[str, Any], schema: Mapping[str, Any]) -> dict[str, Any]:
    """A copy of ``config`` with the defaults of the ``schema``. Raises ConfigurationError for the first mistake."""
    filled = copy.deepcopy(dict(config))
    for error in sorted(_VALIDATOR(schema).iter_errors(filled), key=lambda error: list(map(str, error.absolute_path))):
        if not _may_come_from_grid(error):
            raise ConfigurationError(_one_line(error))
    return filled


def _may_come_from_grid(error: jsonschema.ValidationError) -> bool:
    """Whether an experiment may get the missing key from its grid, which is not multiplied out yet."""
    in_experiment = error.absolute_path and error.absolute_path[0] == "experiments"
    return error.validator == "required" and in_experiment and isinstance(error.instance.get("grid"), dict)


def _properties(
    validator: object, schemas: dict, instance: object, schema: dict
) -> Iterator[jsonschema.ValidationError]:
    """Validate the properties of an object once their defaults are filled in."""
    if isinstance(instance, dict):
        for key, subschema in schemas.items():
            if "default" in subschema:
                instance.setdefault(key, copy.copy(subschema["default"]))
    yield from jsonschema.Draft202012Validator.VALIDATORS["properties"](validator, schemas, instance, schema)


_VALIDATOR = jsonschema.validators.extend(jsonschema.Draft202012Validator, {"properties": _properties})


def _one_line(error: jsonschema.ValidationError) -> str:
    path = ".".join(map(str, error.absolute_path)) or "configuration"
    got, wanted = error.instance, error.validator_value
    match error.validator:
        case "additionalProperties":
            allowed = error.schema["properties"]
            return unknown_name(next(key for key in got if key not in allowed), allowed, path, what="unknown key")
        case "required":
            missing = next(key for key in wanted if key not in got)
            if close := difflib.get_close_matches(missing, set(got) - set(wanted), n=1, cutoff=0.8):
                return f"{path}: unknown key {close[0]} (did you mean {missing}?)"
            return f"{path}: the key {missing} is missing; required: {', '.join(wanted)}"
        case "type":
            types = wanted if isinstance(wanted, str) else " or ".join(wanted)
            return f"{path}: must be of type {types}, got {got!r}{number_hint(got)}"
        case "enum":
            return unknown_name(got, wanted, path, what="unknown value")
    return f"{path}: {' '.join(error.message.split())}"
