"""A configuration against its schema: defaults filled in, and the first mistake told in one line."""

import copy
import difflib
from collections.abc import Iterator, Mapping
from math import inf
from typing import Any

import jsonschema

from sgdbayes.checks import number_hint
from sgdbayes.pipeline.grids import grids_of
from sgdbayes.pipeline.mistakes import NAME, ConfigurationError, not_a_name
from sgdbayes.registry import unknown_name

__all__ = ["validated"]


def validated(config: Mapping[str, Any], schema: Mapping[str, Any]) -> dict[str, Any]:
    """A copy of ``config`` with the defaults of the ``schema``. Raises ConfigurationError for the first mistake."""
    filled = copy.deepcopy(dict(config))
    errors = sorted(_VALIDATOR(schema).iter_errors(filled), key=lambda error: list(map(str, error.absolute_path)))
    # A grid that is wrong lacks what it was to give.
    for error in sorted(errors, key=lambda error: "grid" not in error.absolute_path):
        if error.validator != "required" or _missing(error):
            raise ConfigurationError(_one_line(error))
    return filled


def _missing(error: jsonschema.ValidationError) -> list[str]:
    """Required keys that are not there, nor in the grid of an experiment, which is not multiplied out yet."""
    given = error.instance.keys() | {key for grid in grids_of(error.instance) for key in grid}
    return [key for key in error.validator_value if key not in given]


def _properties(
    validator: object, schemas: dict, instance: object, schema: dict
) -> Iterator[jsonschema.ValidationError]:
    """Validate the properties of an object once their defaults are filled in."""
    if isinstance(instance, dict):
        for key, subschema in schemas.items():
            if "default" in subschema:
                instance.setdefault(key, copy.copy(subschema["default"]))
    yield from jsonschema.Draft202012Validator.VALIDATORS["properties"](validator, schemas, instance, schema)


# 10.0 is no whole number, and what is not finite is none at all.
_TYPES = jsonschema.Draft202012Validator.TYPE_CHECKER.redefine_many(
    {
        "integer": lambda _, value: isinstance(value, int) and not isinstance(value, bool),
        "number": lambda _, value: (
            isinstance(value, int | float) and not isinstance(value, bool) and -inf < value < inf
        ),
    }
)
_VALIDATOR = jsonschema.validators.extend(
    jsonschema.Draft202012Validator, {"properties": _properties}, type_checker=_TYPES
)


def _one_line(error: jsonschema.ValidationError) -> str:
    path = ".".join(map(str, error.absolute_path)) or "configuration"
    got, wanted = error.instance, error.validator_value
    match error.validator:
        case "additionalProperties":
            allowed = error.schema["properties"]
            unknown = next(key for key in got if key not in allowed)
            return f"{path}: {unknown_name(unknown, allowed, what='unknown key')}"
        case "required":
            missing = _missing(error)[0]
            if close := difflib.get_close_matches(missing, set(got) - set(wanted), n=1, cutoff=0.8):
                return f"{path}: unknown key {close[0]} (did you mean {missing}?)"
            return f"{path}: the key {missing} is missing; required: {', '.join(wanted)}"
        case "type" if isinstance(got, float) and not -inf < got < inf:
            return f"{path}: must be finite, got {got}"
        case "type":
            types = wanted if isinstance(wanted, str) else " or ".join(wanted)
            several = isinstance(got, list) and path.startswith(("tasks.", "experiments.")) and ".grid" not in path
            hint = "; several values go into a grid" if several else number_hint(got)
            return f"{path}: must be of type {types}, got {got!r}{hint}"
        case "pattern" if wanted == NAME.pattern:
            return f"{path}: {not_a_name(got)}"
        case "enum":
            return f"{path}: {unknown_name(got, wanted, what='unknown value')}"
    return f"{path}: {' '.join(error.message.split())}"
