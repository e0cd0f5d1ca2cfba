"""The validation of documents, by graphql-core's rules and within bounds.

The rules are not linear: they compare fields that have the same name in the answer pair by pair, quote a whole argument
in each error about it, and look for similar names. What limits.py has let through they check in some ten milliseconds,
within the bounds set here.
"""

from graphql import DocumentNode, GraphQLError, GraphQLSchema, specified_rules, validate
from graphql.validation import OverlappingFieldsCanBeMergedRule, ValidationContext
from graphql.validation.validate import ValidationAbortedError
from strawberry.schema.validation_rules.maybe_null import MaybeNullValidationRule
from strawberry.schema.validation_rules.one_of import OneOfInputValidationRule

MOST_ERRORS = 10
# In graphql-core's units: two for each pair of fields. Documents of real clients need some tens.
MOST_COMPARISONS = 10_000
# What graphql-core says when it has had enough, without saying why.
_ABORTED = "Validation aborted."


class BoundedOverlap(OverlappingFieldsCanBeMergedRule):
    """graphql-core's rule with less patience."""

    def __init__(self, context: ValidationContext) -> None:
        super().__init__(context)
        self.rule_context.remaining_complexity_budget = MOST_COMPARISONS


RULES = (
    *[BoundedOverlap if rule is OverlappingFieldsCanBeMergedRule else rule for rule in specified_rules],
    # Strawberry's own.
    MaybeNullValidationRule,
    OneOfInputValidationRule,
)


def validation_errors(schema: GraphQLSchema, document: DocumentNode, *, hide_suggestions: bool) -> list[GraphQLError]:
    """What is wrong with a document that limits.py has let through: the first errors."""
    errors = validate(schema, document, RULES, max_errors=MOST_ERRORS, hide_suggestions=hide_suggestions)
    if errors and isinstance(errors[-1], ValidationAbortedError) and errors[-1].message == _ABORTED:
        errors[-1] = GraphQLError("The document selects the same fields too often to be checked.")
    return errors
