"""Every page of the residents' room can be fetched by anybody, with no cookie, and is sound."""

import pytest

PAGES = ["/", "/?q=bin", "/?q=zebra", "/ask/help/", "/accounts/", "/accounts/?q=library&open=on", "/accounts/?purpose=news", "/accounts/help/",
         "/accounts/libraries/", "/verify/", "/verify/?q=help@ashby.example.org", "/fair/", "/accessibility/", "/privacy/", "/example/postbox/"]  # fmt: skip


@pytest.mark.parametrize("address", PAGES)
def test_a_page_is_sound_and_sets_no_cookie(pages, cast, address):
    response = pages.get(address)
    assert response.status_code == 200
    assert not response.cookies
