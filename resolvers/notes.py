"""Notes on people."""

from actions import notes
from resolvers.context import Context
from resolvers.payloads import UserPayload, refusals_as


@refusals_as(UserPayload)
async def set_user_note(context: Context, user_id: int, note: str | None) -> UserPayload:
    viewer = context.require_viewer()
    subject_id = await context.transact_in_one_write(notes.set_user_note, viewer, user_id, note)
    return UserPayload(await context.loaders.users.load_alone(subject_id))
