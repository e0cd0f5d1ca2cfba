"""Everything that can be done: an act each."""

import strawberry

from schema import (
    answers,
    blocks,
    bookmarks,
    circles,
    edits,
    feed_preferences,
    filters,
    follow_requests,
    hashtags,
    lists,
    moderation,
    mutes,
    notes,
    pins,
    policies,
    posts,
    profiles,
    read_positions,
    reports,
    sessions,
    settings,
    suggestions,
    threads,
    users,
)


@strawberry.type(description="Everything that can be done. Each act is a transaction of its own.")
class Mutation:
    """A field per act."""

    register = strawberry.mutation(
        resolver=sessions.register, graphql_type=sessions.RegisterPayload, description="Makes an account and signs in."
    )
    login = strawberry.mutation(
        resolver=sessions.login, graphql_type=sessions.LoginPayload, description="Signs in to an account."
    )
    refresh_session = strawberry.mutation(
        resolver=sessions.refresh_session,
        graphql_type=sessions.RefreshSessionPayload,
        description="Continues a session; the refresh token is replaced. An old one ends the session.",
    )
    logout = strawberry.mutation(
        resolver=sessions.logout, graphql_type=sessions.LogoutPayload, description="Ends the session of this token."
    )
    update_profile = strawberry.mutation(
        resolver=profiles.update_profile,
        graphql_type=profiles.UpdateProfilePayload,
        description="Changes one's profile.",
    )
    update_settings = strawberry.mutation(
        resolver=settings.update_settings,
        graphql_type=settings.UpdateSettingsPayload,
        description="Changes one's settings: becomes private, or public again.",
    )
    change_handle = strawberry.mutation(
        resolver=profiles.change_handle,
        graphql_type=profiles.ChangeHandlePayload,
        description="Changes one's handle. The old one leads here for 30 days, and nobody else can have it meanwhile.",
    )
    create_post = strawberry.mutation(
        resolver=posts.create_post,
        graphql_type=posts.CreatePostPayload,
        description="Posts, replies to a post, or quotes one.",
    )
    delete_post = strawberry.mutation(
        resolver=posts.delete_post,
        graphql_type=posts.DeletePostPayload,
        description="Deletes one's own post; replies to it stay.",
    )
    restore_post = strawberry.mutation(
        resolver=posts.restore_post,
        graphql_type=posts.RestorePostPayload,
        description="Brings one's own post back that was deleted less than 30 seconds ago; twice is once.",
    )
    edit_post = strawberry.mutation(
        resolver=edits.edit_post,
        graphql_type=edits.EditPostPayload,
        description="Changes one's own post; what it said before stays readable, and its counts stay.",
    )
    update_post_policies = strawberry.mutation(
        resolver=policies.update_post_policies,
        graphql_type=policies.UpdatePostPoliciesPayload,
        description="Changes who may reply to, quote and repost one's own post; what was done before stays.",
    )
    hide_reply = strawberry.mutation(
        resolver=answers.hide_reply,
        graphql_type=answers.HideReplyPayload,
        description="Hides a reply to a post of one's own, or in its thread; it is listed apart, and twice is once.",
    )
    unhide_reply = strawberry.mutation(
        resolver=answers.unhide_reply,
        graphql_type=answers.UnhideReplyPayload,
        description="Puts a hidden reply back among the others.",
    )
    detach_quote = strawberry.mutation(
        resolver=answers.detach_quote,
        graphql_type=answers.DetachQuotePayload,
        description="Takes one's own post out of a quote of it, for good.",
    )
    like_post = strawberry.mutation(
        resolver=posts.like_post, graphql_type=posts.LikePostPayload, description="Likes a post; twice is once."
    )
    unlike_post = strawberry.mutation(
        resolver=posts.unlike_post, graphql_type=posts.UnlikePostPayload, description="Takes a like back."
    )
    repost = strawberry.mutation(
        resolver=posts.repost,
        graphql_type=posts.RepostPayload,
        description="Shows a post to one's followers; twice is once.",
    )
    undo_repost = strawberry.mutation(
        resolver=posts.undo_repost, graphql_type=posts.UndoRepostPayload, description="Takes a repost back."
    )
    mute_thread = strawberry.mutation(
        resolver=threads.mute_thread,
        graphql_type=threads.MuteThreadPayload,
        description="Keeps a thread out of one's home feed, and ends following it; twice is once.",
    )
    unmute_thread = strawberry.mutation(
        resolver=threads.unmute_thread,
        graphql_type=threads.UnmuteThreadPayload,
        description="Lets a thread into one's home feed again.",
    )
    follow_thread = strawberry.mutation(
        resolver=threads.follow_thread,
        graphql_type=threads.FollowThreadPayload,
        description="Follows a thread, and ends muting it; twice is once.",
    )
    unfollow_thread = strawberry.mutation(
        resolver=threads.unfollow_thread,
        graphql_type=threads.UnfollowThreadPayload,
        description="Stops following a thread.",
    )
    move_read_position = strawberry.mutation(
        resolver=read_positions.move_read_position,
        graphql_type=read_positions.MoveReadPositionPayload,
        description="Notes how far one has read a feed. It only moves ahead, and all of one's sessions are told.",
    )
    tune_feed = strawberry.mutation(
        resolver=feed_preferences.tune_feed,
        graphql_type=feed_preferences.TuneFeedPayload,
        description="Keeps what is to be left out of a feed, wherever a document does not say otherwise.",
    )
    bookmark_post = strawberry.mutation(
        resolver=bookmarks.bookmark_post,
        graphql_type=bookmarks.BookmarkPostPayload,
        description="Keeps a post for oneself, in a folder and with a note, or changes these; twice is once.",
    )
    remove_bookmark = strawberry.mutation(
        resolver=bookmarks.remove_bookmark,
        graphql_type=bookmarks.RemoveBookmarkPayload,
        description="Keeps a post no more; its note is gone.",
    )
    create_bookmark_folder = strawberry.mutation(
        resolver=bookmarks.create_bookmark_folder,
        graphql_type=bookmarks.CreateBookmarkFolderPayload,
        description="Makes a folder for bookmarks; at most 100.",
    )
    rename_bookmark_folder = strawberry.mutation(
        resolver=bookmarks.rename_bookmark_folder,
        graphql_type=bookmarks.RenameBookmarkFolderPayload,
        description="Gives a folder another name.",
    )
    delete_bookmark_folder = strawberry.mutation(
        resolver=bookmarks.delete_bookmark_folder,
        graphql_type=bookmarks.DeleteBookmarkFolderPayload,
        description="Deletes a folder; its bookmarks stay, in no folder.",
    )
    pin_post = strawberry.mutation(
        resolver=pins.pin_post,
        graphql_type=pins.PinPostPayload,
        description="Shows a post of one's own first on one's profile; at most 5 are, and twice is once.",
    )
    unpin_post = strawberry.mutation(
        resolver=pins.unpin_post, graphql_type=pins.UnpinPostPayload, description="Takes a pin away."
    )
    follow_user = strawberry.mutation(
        resolver=users.follow_user,
        graphql_type=users.FollowUserPayload,
        description="Follows a user, or asks a private one to be let in; twice is once.",
    )
    unfollow_user = strawberry.mutation(
        resolver=users.unfollow_user,
        graphql_type=users.UnfollowUserPayload,
        description="Stops following a user, or asking to.",
    )
    accept_follow_request = strawberry.mutation(
        resolver=follow_requests.accept_follow_request,
        graphql_type=follow_requests.AcceptFollowRequestPayload,
        description="Lets somebody follow who asked to; twice is once.",
    )
    reject_follow_request = strawberry.mutation(
        resolver=follow_requests.reject_follow_request,
        graphql_type=follow_requests.RejectFollowRequestPayload,
        description="Sends somebody away who asked to follow, without telling them; they may ask again.",
    )
    remove_follower = strawberry.mutation(
        resolver=follow_requests.remove_follower,
        graphql_type=follow_requests.RemoveFollowerPayload,
        description="Ends that somebody follows one; they are not told. Twice is once.",
    )
    dismiss_suggestion = strawberry.mutation(
        resolver=suggestions.dismiss_suggestion,
        graphql_type=suggestions.DismissSuggestionPayload,
        description="Never suggests a user again; twice is once.",
    )
    create_list = strawberry.mutation(
        resolver=lists.create_list,
        graphql_type=lists.CreateListPayload,
        description="Makes a list of people; at most 100.",
    )
    update_list = strawberry.mutation(
        resolver=lists.update_list,
        graphql_type=lists.UpdateListPayload,
        description="Changes a list of one's own.",
    )
    delete_list = strawberry.mutation(
        resolver=lists.delete_list,
        graphql_type=lists.DeleteListPayload,
        description="Deletes a list of one's own.",
    )
    add_to_list = strawberry.mutation(
        resolver=lists.add_to_list,
        graphql_type=lists.AddToListPayload,
        description="Puts people on a list, all of them or nobody; twice is once, and they are not told.",
    )
    remove_from_list = strawberry.mutation(
        resolver=lists.remove_from_list,
        graphql_type=lists.RemoveFromListPayload,
        description="Takes people off a list.",
    )
    create_circle = strawberry.mutation(
        resolver=circles.create_circle,
        graphql_type=circles.CreateCirclePayload,
        description="Makes a circle of people to post to; at most 100.",
    )
    update_circle = strawberry.mutation(
        resolver=circles.update_circle,
        graphql_type=circles.UpdateCirclePayload,
        description="Gives a circle another name.",
    )
    delete_circle = strawberry.mutation(
        resolver=circles.delete_circle,
        graphql_type=circles.DeleteCirclePayload,
        description="Deletes a circle. Posts to it stay, for their author and whom they mention alone.",
    )
    add_to_circle = strawberry.mutation(
        resolver=circles.add_to_circle,
        graphql_type=circles.AddToCirclePayload,
        description="Puts people into a circle, all of them or nobody; twice is once, and they are not told.",
    )
    remove_from_circle = strawberry.mutation(
        resolver=circles.remove_from_circle,
        graphql_type=circles.RemoveFromCirclePayload,
        description="Takes people out of a circle; what was posted to it is hidden from them.",
    )
    block_user = strawberry.mutation(
        resolver=blocks.block_user,
        graphql_type=blocks.BlockUserPayload,
        description="Blocks a user: neither sees what the other posts, nor can do anything to it; twice is once.",
    )
    unblock_user = strawberry.mutation(
        resolver=blocks.unblock_user,
        graphql_type=blocks.UnblockUserPayload,
        description="Blocks a user no more; the follows that the block has ended do not come back.",
    )
    set_user_note = strawberry.mutation(
        resolver=notes.set_user_note,
        graphql_type=notes.SetUserNotePayload,
        description="Notes something on a user that nobody else sees, or removes that.",
    )
    mute_user = strawberry.mutation(
        resolver=mutes.mute_user,
        graphql_type=mutes.MuteUserPayload,
        description="Keeps a user out of one's feeds, or only what they repost; again changes how.",
    )
    unmute_user = strawberry.mutation(
        resolver=mutes.unmute_user,
        graphql_type=mutes.UnmuteUserPayload,
        description="Lets a user into one's feeds again.",
    )
    create_filter = strawberry.mutation(
        resolver=filters.create_filter,
        graphql_type=filters.CreateFilterPayload,
        description="Makes a keyword filter; at most 100.",
    )
    update_filter = strawberry.mutation(
        resolver=filters.update_filter,
        graphql_type=filters.UpdateFilterPayload,
        description="Changes a keyword filter.",
    )
    delete_filter = strawberry.mutation(
        resolver=filters.delete_filter,
        graphql_type=filters.DeleteFilterPayload,
        description="Deletes a keyword filter.",
    )
    follow_hashtag = strawberry.mutation(
        resolver=hashtags.follow_hashtag,
        graphql_type=hashtags.FollowHashtagPayload,
        description="Follows a hashtag, whose public posts join the home feed; twice is once.",
    )
    unfollow_hashtag = strawberry.mutation(
        resolver=hashtags.unfollow_hashtag,
        graphql_type=hashtags.UnfollowHashtagPayload,
        description="Stops following a hashtag.",
    )
    report_content = strawberry.mutation(
        resolver=reports.report_content,
        graphql_type=reports.ReportContentPayload,
        description="Reports a user or a post to the moderators; again, while that is open, is once.",
    )
    resolve_report = strawberry.mutation(
        resolver=reports.resolve_report,
        graphql_type=reports.ResolveReportPayload,
        description="Answers a report. For moderators.",
    )
    take_action = strawberry.mutation(
        resolver=moderation.take_action,
        graphql_type=moderation.TakeActionPayload,
        description="Does something about a user or a post, and keeps a record of it. For moderators.",
    )
