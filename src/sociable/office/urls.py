"""Names the addresses of the office."""

from django.urls import path

from sociable.office import (
    accounts,
    alerts,
    bringing,
    connection,
    connections,
    limits,
    me,
    partners,
    people,
    policy,
    stage,
    stating,
    tallies,
    trail,
    trouble,
    would,
)

app_name = "office"
urlpatterns = [
    path("", accounts.index, name="settings"),
    path("me/", me.me, name="me"),
    # -- alerts --------------------------------------------------------------------------------------------------------
    path("alerts/", alerts.mine, name="alerts"),
    path("alerts/would/", would.would, name="would"),
    path("alerts/add/<slug:kind>/", alerts.add, name="add_route"),
    path("alerts/<int:route_id>/", alerts.change, name="route"),
    path("alerts/<int:route_id>/move/", alerts.move, name="move_route"),
    path("alerts/<int:route_id>/try/", alerts.try_now, name="try_route"),
    path("alerts/<int:route_id>/remove/", alerts.remove, name="remove_route"),
    path("accounts/<int:account_id>/alerts/", policy.policy, name="account_alerts"),
    # -- accounts ------------------------------------------------------------------------------------------------------
    path("accounts/", accounts.register, name="accounts"),
    path("accounts/new/", accounts.add, name="add_account"),
    path("accounts/<int:account_id>/", accounts.show, name="account"),
    path("accounts/<int:account_id>/edit/", accounts.edit, name="edit_account"),
    path("accounts/<int:account_id>/stage/", stage.move, name="stage"),
    path("accounts/<int:account_id>/hours/", stating.hours, name="hours"),
    path("accounts/<int:account_id>/promise/", stating.promise, name="promise"),
    path("accounts/<int:account_id>/connection/", connection.edit, name="connection"),
    path("accounts/<int:account_id>/bring-in/", bringing.bring, name="bring_in"),
    path("accounts/<int:account_id>/connection/fetch/", connection.fetch_now, name="fetch_now"),
    path("accounts/<int:account_id>/connection/limits/<slug:limit>/", limits.correct, name="limit"),
    path("accounts/<int:account_id>/connection/limits/<slug:limit>/back/", limits.set_back, name="set_back"),
    path("connections/", connections.connections, name="connections"),
    path("tallies/", tallies.listing, name="tallies"),
    path("tallies/<int:tally_id>/", tallies.show, name="tally"),
    path("tallies.csv", tallies.as_csv, name="tallies_csv"),
    # -- partners and services -----------------------------------------------------------------------------------------
    path("partners/", partners.partners, name="partners"),
    path("partners/<int:partner_id>/", partners.edit, name="partner"),
    path("partners/<int:partner_id>/services/new/", partners.add_service, name="add_service"),
    path("services/<int:service_id>/", partners.edit_service, name="service"),
    # -- people --------------------------------------------------------------------------------------------------------
    path("people/", people.people, name="people"),
    path("people/new/", people.add, name="add_person"),
    path("people/<int:person_id>/", people.show, name="person"),
    path("people/<int:person_id>/roles/", people.add_role, name="add_role"),
    path("people/<int:person_id>/roles/<int:role_id>/remove/", people.remove_role, name="remove_role"),
    path("people/<int:person_id>/active/", people.switch, name="switch_person"),
    # -- what happened, and what did not -------------------------------------------------------------------------------
    path("trail/", trail.trail, name="trail"),
    path("trouble/", trouble.trouble, name="trouble"),
    path("trouble/rows/<int:row_id>/again/", trouble.again, name="again"),
    path("trouble/raw/<int:raw_id>/", trouble.raw, name="raw"),
    path("trouble/raw/<int:raw_id>/download/", trouble.download, name="download_raw"),
    path("trouble/raw/<int:raw_id>/again/", trouble.read_again, name="read_again"),
]
