"""Names the addresses of planning."""

from django.urls import path

from sociable.planning import ready

app_name = "planning"
urlpatterns = [
    # -- ready ---------------------------------------------------------------------------------------------------------
    path("ready/", ready.ready, name="ready"),
    path("ready/new/", ready.sign_off, name="sign_off"),
    path("ready/<int:person_id>/<int:account_id>/", ready.one, name="readiness"),
    path("ready/<int:person_id>/<int:account_id>/take-back/", ready.take_back, name="take_back"),
]
