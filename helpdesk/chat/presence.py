"""Who is here now. The one place where chats ask."""

from collections.abc import Collection


def online(user_ids: Collection[int]) -> dict[int, bool]:
    return dict.fromkeys(user_ids, False)
