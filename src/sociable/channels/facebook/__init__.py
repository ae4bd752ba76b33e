"""A Facebook page: comments, posts and mentions in public, Messenger in private."""
