"""Names the addresses of this room."""

from django.urls import path

from sociable.api import hooks, rota_feed

app_name = "api"
urlpatterns = [
    path("hooks/<slug:kind>/<str:token>/", hooks.hook, name="hook"),
    path("calendars/rota/<str:token>.ics", rota_feed.rota, name="rota_feed"),
    path("calendars/holes/<str:token>.ics", rota_feed.holes, name="holes_feed"),
]
