"""Query, Mutation and Subscription, assembled; and the Schema object."""

from collections.abc import Iterable
from copy import copy
from functools import cache
from typing import Any

import strawberry
from graphql import GraphQLError
from strawberry.schema.config import StrawberryConfig
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.schema.schema import DEFAULT_ALLOWED_OPERATION_TYPES, StrawberryGraphQLCoreExecutionContext
from strawberry.types import ExecutionContext, ExecutionResult
from strawberry.types.graphql import OperationType

from compiler import CompiledExecutor
from core.spans import Tracer
from resolvers import feeds as feed_resolvers
from resolvers import hashtags as hashtag_resolvers
from resolvers import home_events as home_event_resolvers
from resolvers import home_feed, nodes
from resolvers import lists as list_resolvers
from resolvers import moderation as moderation_resolvers
from resolvers import posts as post_resolvers
from resolvers import reports as report_resolvers
from resolvers import searches as search_resolvers
from resolvers import suggestions as suggestion_resolvers
from resolvers import trends as trend_resolvers
from resolvers import users as user_resolvers
from schema import (
    feeds,
    for_you,
    hashtags,
    home_events,
    lists,
    moderation,
    posts,
    reports,
    searches,
    suggestions,
    trends,
    users,
)
from schema.base import SCALARS, Node
from schema.counts import Counts, counts_of
from schema.documents import DocumentCache, Documents, core_schema
from schema.entities import ENTITIES
from schema.errors import ERRORS
from schema.mutations import Mutation
from schema.shadow import Query as ShadowedQuery
from schema.shadow import Shadow
from schema.spans import TracedCompiledExecutor, TracedExecution, TracedExecutor, note_operation


@strawberry.type(description="Everything that can be read.")
class Query:
    """A field per door."""

    viewer = strawberry.field(
        resolver=user_resolvers.viewer,
        graphql_type=users.Viewer | None,
        description="The account that is signed in; null when nobody is.",
    )
    node = strawberry.field(
        resolver=nodes.node, graphql_type=Node | None, description="Anything by its id; null if it is not there."
    )
    nodes = strawberry.field(
        resolver=nodes.nodes, graphql_type=list[Node | None], description="Many by their ids, in the same order."
    )
    user = strawberry.field(
        resolver=user_resolvers.user,
        graphql_type=users.User | None,
        description="A user by handle, or by one that they had in the last 30 days.",
    )
    post = strawberry.field(
        resolver=post_resolvers.post, graphql_type=posts.Post | None, description="A post by its id."
    )
    hashtag = strawberry.field(
        resolver=hashtag_resolvers.hashtag,
        graphql_type=hashtags.Hashtag | None,
        description="A hashtag by its name; null if nobody follows it and no post that everyone may see has it.",
    )
    list = strawberry.field(
        resolver=list_resolvers.list_by_id, graphql_type=lists.List | None, description="A list of people by its id."
    )
    search = strawberry.field(
        resolver=search_resolvers.search,
        graphql_type=searches.SearchConnection,
        description="What fits a text as it is typed, the best first. Nothing fits an empty text.",
    )
    suggestions = strawberry.field(
        resolver=suggestion_resolvers.suggested,
        graphql_type=suggestions.SuggestionConnection,
        description="Whom the viewer may want to follow, the best first. Needs a viewer.",
    )
    home_feed = strawberry.field(
        resolver=home_feed.home_feed,
        graphql_type=feeds.FeedConnection,
        description="Own and followed accounts' posts, replies and reposts, and public posts with followed hashtags,"
        " newest first. Needs a viewer.",
    )
    public_feed = strawberry.field(
        resolver=feed_resolvers.public_feed,
        graphql_type=feeds.FeedConnection,
        description="Everybody's public posts, newest first, without replies and reposts.",
    )
    trends = strawberry.field(
        resolver=trend_resolvers.trends,
        graphql_type=trends.Trends,
        description="What trends: hashtags and posts that many have to do with lately.",
    )
    for_you_feed = strawberry.field(
        resolver=for_you.for_you_feed,
        graphql_type=feeds.FeedConnection,
        description="Public posts of the last 14 days that the viewer may want to see, the best first: by what those do"
        " whom the viewer follows, and by hashtags. Needs a viewer.",
    )
    reports = strawberry.field(
        resolver=report_resolvers.queue,
        graphql_type=reports.ReportConnection,
        description="What was reported, oldest first; empty for everybody but moderators.",
    )
    moderation_actions = strawberry.field(
        resolver=moderation_resolvers.moderation_actions,
        graphql_type=moderation.ModerationActionConnection,
        description="What moderators did, newest first; empty for everybody but moderators.",
    )


@strawberry.type(description="Everything that can be listened to. The first event is always `Started`.")
class Subscription:
    """A field per stream."""

    home_feed = strawberry.subscription(
        resolver=home_event_resolvers.home_feed_events,
        graphql_type=home_events.HomeFeedEvent,
        description="What happens in the viewer's home feed. Needs a viewer.",
    )


class Schema(strawberry.Schema):
    """Strawberry's schema, but for two things.

    The transports log errors, and only the unexpected ones. And `execute` goes from a document's text to its compiled
    operation by one look into a cache, where Strawberry makes its hooks and graphql-core its executor for each request.
    """

    documents: DocumentCache
    is_compiled: bool
    shadow: Shadow | None = None
    tracer: Tracer | None = None

    @property
    def counts(self) -> Counts:
        """What became of operations so far."""
        return counts_of(self.documents, self.shadow)

    def process_errors(self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None) -> None:
        """Logs nothing."""

    async def execute(
        self,
        query: str | None,
        variable_values: dict[str, Any] | None = None,
        context_value: Any = None,
        root_value: Any = None,
        operation_name: str | None = None,
        allowed_operation_types: Iterable[OperationType] | None = None,
        operation_extensions: dict[str, Any] | None = None,
    ) -> ExecutionResult:
        """Runs one operation. Raises CannotGetOperationTypeError and InvalidOperationTypeError, as Strawberry's."""
        if not self.is_compiled or not query:
            return await super().execute(
                query,
                variable_values,
                context_value,
                root_value,
                operation_name,
                allowed_operation_types,
                operation_extensions,
            )
        try:
            document = self.documents.document(core_schema(self), query)
        except (GraphQLError, RecursionError) as error:
            known = error if isinstance(error, GraphQLError) else GraphQLError(str(error), original_error=error)
            return self._refused([known])
        operation = document.named(operation_name)
        if operation is None:
            raise CannotGetOperationTypeError(operation_name)
        allowed = DEFAULT_ALLOWED_OPERATION_TYPES if allowed_operation_types is None else allowed_operation_types
        if operation.kind not in allowed:
            raise InvalidOperationTypeError(operation.kind)
        if self.tracer is not None:
            note_operation(document, operation, variable_values or {})
        if problems := document.problems(operation_name, variable_values or {}):
            return self._refused(problems)
        compiled = operation.compiled
        planned_before = compiled.field_count
        result = await compiled.execute(variable_values, context=context_value, root_value=root_value)
        if compiled.field_count != planned_before:
            self.documents.weigh(query, document)
        if result.errors:
            self._process_errors(result.errors)
        if self.shadow is not None:
            asked = ShadowedQuery(core_schema(self), compiled, query, variable_values or {}, context_value)
            self.shadow.consider(asked, result)
        return ExecutionResult(result.data, result.errors)

    def _refused(self, problems: Iterable[GraphQLError]) -> ExecutionResult:
        errors = list(problems)
        self._process_errors(errors)
        return ExecutionResult(None, errors)


class TracedSchema(TracedExecution, Schema):
    """The same, with a span for each operation."""


def build_schema(
    *, suggests_fields: bool, is_compiled: bool = True, shadow: Shadow | None = None, tracer: Tracer | None = None
) -> Schema:
    """The schema.

    `suggests_fields`: whether errors say what field may have been meant, which tells of the schema.
    `is_compiled`: whether operations run from plans (compiler/) or on graphql-core's own executor.
    `shadow`: runs some of those that run from plans on graphql-core's executor as well.
    `tracer`: takes a span for each operation.
    """
    schema = copy(_types(suggests_fields=suggests_fields, is_compiled=is_compiled, is_traced=tracer is not None))
    documents = schema.documents = DocumentCache()
    schema.extensions = (lambda: Documents(documents),)
    schema.is_compiled = is_compiled
    schema.shadow = shadow
    schema.tracer = tracer
    return schema


@cache
def _types(*, suggests_fields: bool, is_compiled: bool, is_traced: bool) -> Schema:
    """What all schemas of a kind share: the types, which take a fifth of a second to make and never change."""
    executor: type[StrawberryGraphQLCoreExecutionContext] | None = CompiledExecutor if is_compiled else None
    if is_traced:
        executor = TracedCompiledExecutor if is_compiled else TracedExecutor
    return (TracedSchema if is_traced else Schema)(
        query=Query,
        mutation=Mutation,
        subscription=Subscription,
        types=[*ERRORS, *ENTITIES],
        execution_context_class=executor,
        config=StrawberryConfig(scalar_map=SCALARS, disable_field_suggestions=not suggests_fields),
    )
