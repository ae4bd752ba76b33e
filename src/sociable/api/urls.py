"""Names the addresses of this room."""

from django.urls import path

from sociable.api import hooks

app_name = "api"
urlpatterns = [path("hooks/<slug:kind>/<str:token>/", hooks.hook, name="hook")]
