"""Names the addresses of the desk."""

from django.urls import path

from sociable.desk import (
    actions,
    approved,
    attachments,
    calls,
    composer,
    conversation,
    hand_overs,
    notices,
    saved_answers,
    views,
)

app_name = "desk"
urlpatterns = [
    # -- the list, my day, search ------------------------------------------------------------------------------------
    path("", views.desk, name="desk"),
    path("my-day/", views.my_day, name="my_day"),
    path("hand-overs/", hand_overs.leave, name="leave_hand_over"),
    path("hand-overs/<int:hand_over_id>/read/", hand_overs.read, name="read_hand_over"),
    path("take-next/", views.take_next, name="take_next"),
    path("search/", views.search, name="search"),
    path("filters/", views.save_filter, name="save_filter"),
    path("filters/<int:filter_id>/forget/", views.forget_filter, name="forget_filter"),
    path("tabs/<int:conversation_id>/close/", views.close_tab, name="close_tab"),
    path("told/", notices.told, name="told"),
    path("told/bell/", notices.bell, name="bell"),
    path("told/<int:notice_id>/", notices.have, name="have"),
    # -- one conversation ----------------------------------------------------------------------------------------------
    path("c/<int:conversation_id>/", conversation.page, name="conversation"),
    path("c/<int:conversation_id>/changes/", conversation.changes, name="conversation_changes"),
    path("c/<int:conversation_id>/here/", conversation.here, name="conversation_here"),
    path("c/<int:conversation_id>/compose/", composer.compose, name="compose"),
    path("c/<int:conversation_id>/check/", composer.check, name="check"),
    path("c/<int:conversation_id>/draft/", composer.draft, name="draft"),
    path("c/<int:conversation_id>/insert/", composer.insert, name="insert"),
    path("c/<int:conversation_id>/approved/", approved.send, name="approved"),
    path("c/<int:conversation_id>/approved/again/", approved.look_again, name="approved_again"),
    path("c/<int:conversation_id>/do/<slug:name>/", actions.act, name="act"),
    path("m/<int:message_id>/split/", actions.split, name="split"),
    path("m/<int:message_id>/undo/", actions.undo, name="undo"),
    path("m/<int:message_id>/again/", actions.send_again, name="send_again"),
    path("m/<int:message_id>/formatted/", attachments.formatted, name="message_formatted"),
    path("m/<int:message_id>/text/", attachments.quoted, name="message_text"),
    path("raw/<int:raw_id>/", attachments.raw, name="raw"),
    path("files/<int:attachment_id>/", attachments.attachment, name="attachment"),
    path("m/<int:message_id>/no-answer/", calls.no_answer, name="no_answer"),
    # -- calls and visits ----------------------------------------------------------------------------------------------
    path("calls/", calls.begin, name="begin_call"),
    path("calls/<int:call_id>/", calls.call, name="call"),
    path("calls/<int:call_id>/draft/", calls.draft, name="call_draft"),
    path("calls/<int:call_id>/throw-away/", calls.throw_away, name="call_throw_away"),
    path("saved-answers/", saved_answers.listing, name="saved_answers"),
    path("saved-answers/new/", saved_answers.edit, name="saved_answer_new"),
    path("saved-answers/<int:saved_id>/", saved_answers.edit, name="saved_answer"),
    path("saved-answers/<int:saved_id>/delete/", saved_answers.delete, name="saved_answer_delete"),
]
