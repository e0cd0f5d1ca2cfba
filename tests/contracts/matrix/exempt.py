"""Fields that can lead to a post or a user, and are not in the matrix, each with the reason.

An act's payload is read in tests/contracts/test_matrix_acts.py for all acts that name a post or a user.
"""

from collections.abc import Mapping

_SIGNS_IN = "Shows themselves to whoever signs in."
_OWN_ACCOUNT = "Shows their own account to whoever changed it."
_OWN_FOLDER = "Shows a folder of one's own, whose bookmarks are read by Viewer.bookmarkFolders."
_OWN_LIST = "Shows a list of one's own, as UpdateListPayload.list does."
_OWN_CIRCLE = "Shows a circle of one's own, as UpdateCirclePayload.circle does."
_HASHTAG = "Shows a hashtag, whose posts are read by Query.hashtag."

EXEMPT: Mapping[str, str] = {
    "Mutation.register": _SIGNS_IN,
    "Mutation.login": _SIGNS_IN,
    "Mutation.refreshSession": _SIGNS_IN,
    "RegisterPayload.viewer": _SIGNS_IN,
    "LoginPayload.viewer": _SIGNS_IN,
    "RefreshSessionPayload.viewer": _SIGNS_IN,
    "Mutation.updateProfile": _OWN_ACCOUNT,
    "Mutation.changeHandle": _OWN_ACCOUNT,
    "Mutation.updateSettings": _OWN_ACCOUNT,
    "UpdateSettingsPayload.viewer": _OWN_ACCOUNT,
    "UpdateProfilePayload.user": _OWN_ACCOUNT,
    "ChangeHandlePayload.user": _OWN_ACCOUNT,
    "Mutation.createBookmarkFolder": _OWN_FOLDER,
    "Mutation.renameBookmarkFolder": _OWN_FOLDER,
    "CreateBookmarkFolderPayload.folder": _OWN_FOLDER,
    "RenameBookmarkFolderPayload.folder": _OWN_FOLDER,
    "Mutation.createList": _OWN_LIST,
    "CreateListPayload.list": _OWN_LIST,
    "Mutation.createCircle": _OWN_CIRCLE,
    "CreateCirclePayload.circle": _OWN_CIRCLE,
    "Mutation.followHashtag": _HASHTAG,
    "Mutation.unfollowHashtag": _HASHTAG,
    "FollowHashtagPayload.hashtag": _HASHTAG,
    "UnfollowHashtagPayload.hashtag": _HASHTAG,
}
