"""Names the addresses of planning."""

from django.urls import path

from sociable.planning import (
    away,
    away_calendars,
    board,
    board_account,
    bringing,
    forecast,
    forecast_set,
    ready,
    rota,
    rota_files,
    rota_mine,
    rota_patterns,
    rota_publish,
    rota_shift,
    what_if,
)

app_name = "planning"
urlpatterns = [
    # -- board ---------------------------------------------------------------------------------------------------------
    path("", board.board, name="board"),
    path("holes/", board.holes, name="holes"),
    path("what-if/", what_if.what_if, name="what_if"),
    path("accounts/<int:account_id>/", board_account.account_cover, name="account_cover"),
    path("accounts/<int:account_id>/hole/", board_account.hole, name="hole"),
    # -- forecast ------------------------------------------------------------------------------------------------------
    path("forecast/", forecast.forecast, name="forecast"),
    path("forecast/<int:account_id>/", forecast.account_forecast, name="account_forecast"),
    path("forecast/<int:account_id>/half-hours.csv", forecast.forecast_csv, name="forecast_csv"),
    path("forecast/<int:account_id>/takes/", forecast_set.answer_time, name="answer_time"),
    path("forecast/school/<int:partner_id>/", forecast_set.school, name="school"),
    path("forecast/school/<int:partner_id>/<int:holiday_id>/remove/", forecast_set.school_remove, name="school_remove"),
    # -- the rota ------------------------------------------------------------------------------------------------------
    path("rota/", rota.rota, name="rota"),
    path("rota/add/", rota_shift.add, name="rota_add"),
    path("rota/publish/", rota_publish.publish, name="rota_publish"),
    path("rota/shifts/<int:shift_id>/", rota_shift.shift, name="rota_shift"),
    path("rota/shifts/<int:shift_id>/remove/", rota_shift.remove, name="rota_remove"),
    path("rota/shifts/<int:shift_id>/cancel/", rota_shift.cancel, name="rota_cancel"),
    path("rota/mine/", rota_mine.mine, name="rota_mine"),
    path("rota/mine/seen/", rota_mine.seen, name="rota_seen"),
    path("rota/shifts/<int:shift_id>/swap/", rota_mine.ask, name="rota_swap_ask"),
    path("rota/swaps/<int:swap_id>/", rota_mine.agree, name="rota_swap_agree"),
    path("rota/swaps/<int:swap_id>/decline/", rota_mine.decline, name="rota_swap_decline"),
    path("rota/swaps/<int:swap_id>/take-back/", rota_mine.take_back, name="rota_swap_take_back"),
    path("rota/mine/address/", rota_files.new_address, name="rota_mine_address"),
    path("rota/accounts/<int:account_id>/", rota_files.account, name="rota_account"),
    path("rota/accounts/<int:account_id>/address/", rota_files.new_address, name="rota_account_address"),
    path("rota/bring-in/", rota_files.bring, name="rota_bring"),
    path("rota/rota.csv", rota_files.as_csv, name="rota_csv"),
    path("rota/patterns/", rota_patterns.patterns, name="rota_patterns"),
    path("rota/patterns/new/", rota_patterns.pattern, name="rota_pattern_new"),
    path("rota/patterns/<int:pattern_id>/", rota_patterns.pattern, name="rota_pattern"),
    path("rota/patterns/<int:pattern_id>/make/", rota_patterns.make, name="rota_make"),
    path("rota/people/", rota_patterns.people, name="rota_people"),
    path("rota/people/<int:person_id>/", rota_patterns.person, name="rota_person"),
    # -- time away -----------------------------------------------------------------------------------------------------
    path("away/", away.away, name="away"),
    path("away/new/", away.new, name="away_new"),
    path("away/bring-in/", bringing.times_away, name="away_bring_in"),
    path("away/calendars/", away_calendars.all_of_them, name="away_calendars"),
    path("away/calendars/<int:feed_id>/look/", away_calendars.look_now, name="away_look"),
    path("away/calendars/<int:feed_id>/remove/", away_calendars.remove, name="away_calendar_remove"),
    path("away/<int:away_id>/", away.one, name="away_one"),
    path("away/<int:away_id>/agree/", away.agree, name="away_agree"),
    path("away/<int:away_id>/decline/", away.decline, name="away_decline"),
    path("away/<int:away_id>/take-back/", away.take_back, name="away_take_back"),
    # -- ready ---------------------------------------------------------------------------------------------------------
    path("ready/", ready.ready, name="ready"),
    path("ready/bring-in/", bringing.ready, name="ready_bring_in"),
    path("ready/new/", ready.sign_off, name="sign_off"),
    path("ready/<int:person_id>/<int:account_id>/", ready.one, name="readiness"),
    path("ready/<int:person_id>/<int:account_id>/take-back/", ready.take_back, name="take_back"),
]
