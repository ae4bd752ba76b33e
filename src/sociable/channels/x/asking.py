"""Decides in which words X is asked for posts and messages.

X's published description calls a post a post; its guides and client library still say tweet. Both are spoken here: the
published words first, and the others once X has refused those. Leaves reading the answers, in either words, to `raw`.

Source: X API v2 description, version 2.167; docs.x.com, Fields, as read on 23 November 2026
"""

from sociable.channels.x.line import Line, Refused
from sociable.channels.x.raw import Fields

_POST_FIELDS = "attachments,conversation_id,created_at,display_text_range,entities,id,text"
_ALSO = {"user.fields": "id,name,username", "media.fields": "alt_text,media_key,preview_image_url,type,url,variants"}
_POSTS: dict[str, dict[str, str]] = {
    "post": {
        "post.fields": f"{_POST_FIELDS},note_post",
        "expansions": "attachments.media_keys,author_id,edit_history_post_ids,in_reply_to_user_id,referenced_posts",
        **_ALSO,
    },
    "tweet": {
        "tweet.fields": f"{_POST_FIELDS},author_id,edit_history_tweet_ids,in_reply_to_user_id,note_tweet,referenced_tweets",
        "expansions": "attachments.media_keys,author_id,in_reply_to_user_id,referenced_tweets.id",
        **_ALSO,
    },
}
_MESSAGES = {
    "dm_event.fields": "attachments,created_at,dm_conversation_id,entities,event_type,id,text",
    "expansions": "attachments.media_keys,sender_id",
    "event_types": "MessageCreate",
    **_ALSO,
}


class Asking:
    """Questions to X on one line. `spoken` is the word that X understood last."""

    def __init__(self, line: Line) -> None:
        self.line = line
        self.spoken = "post"

    def speak(self, word: str) -> None:
        """Use the word that X understood another time, if it is one."""
        self.spoken = word if word in _POSTS else self.spoken

    def posts(self, route: str, **params: str) -> Fields:
        """Return posts with all that is read of them.

        Errors: ChannelError, as X says
        """
        try:
            return self._posts(route, params)
        except Refused as error:
            if f"{self.spoken}.fields" not in error.said:
                raise
            self.spoken = next(word for word in _POSTS if word != self.spoken)
            return self._posts(route, params)

    def _posts(self, route: str, params: dict[str, str]) -> Fields:
        return self.line.ask("GET", route, {**_POSTS[self.spoken], **params}, public=True)

    def messages(self, route: str, **params: str) -> Fields:
        """Return direct messages with all that is read of them.

        Errors: ChannelError, as X says
        """
        return self.line.ask("GET", route, {**_MESSAGES, **params})
