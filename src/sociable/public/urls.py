"""Names the addresses of this room."""

from django.urls import path

from sociable.public.views import accounts, ask, chat, papers, receipt, told

app_name = "public"
urlpatterns = [
    path("", ask.ask, name="ask"),
    path("ask/<slug:slug>/", ask.ask_account, name="ask_account"),
    path("r/<str:token>/", receipt.receipt, name="receipt"),
    path("r/<str:token>/add/", receipt.add, name="receipt_add"),
    path("r/<str:token>/files/<int:pk>/", receipt.file, name="receipt_file"),
    path("told/<str:token>/", told.told, name="told"),
    path("chat/<slug:slug>/", chat.about, name="chat"),
    path("chat/<slug:slug>/begin", chat.begin, name="chat_begin"),
    path("chat/<slug:slug>/lines", chat.lines, name="chat_lines"),
    path("chat/<slug:slug>/files", chat.files, name="chat_files"),
    path("chat/<slug:slug>/writing", chat.writing, name="chat_writing"),
    path("chat/<slug:slug>/leave", chat.leave, name="chat_leave"),
    path("chat/<slug:slug>/transcript", chat.transcript, name="chat_transcript"),
    path("accounts/", accounts.accounts, name="accounts"),
    path("accounts/<slug:slug>/", accounts.account, name="account"),
    path("accounts.json", accounts.accounts_json, name="accounts_json"),
    path("accounts.csv", accounts.accounts_csv, name="accounts_csv"),
    path("verify/", accounts.verify, name="ours"),
    path("fair/", papers.fair, name="fair"),
    path("accessibility/", papers.accessibility, name="accessibility"),
    path("privacy/", papers.privacy, name="privacy"),
    path("example/postbox/", papers.letters, name="postbox"),
    path("example/website/", papers.website_page, name="website"),
    path("robots.txt", papers.robots, name="robots"),
]
