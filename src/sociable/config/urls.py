"""Names the addresses of the house."""

from django.urls import include, path

from sociable.config import views

urlpatterns = [
    path("", include("sociable.public.urls")),
    path("desk/", include("sociable.desk.urls")),
    path("office/", include("sociable.office.urls")),
    path("cover/", include("sociable.planning.urls")),
    path("", include("sociable.api.urls")),
    path("sign-in/", include("sociable.people.sign_in_urls")),
    path("health/live", views.live, name="health_live"),
    path("health/ready", views.ready, name="health_ready"),
]
handler400 = views.bad_request
handler403 = views.refused
handler404 = views.not_found
handler500 = views.broken
