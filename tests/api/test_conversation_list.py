"""The list of conversations: whole, in pages, and with its entity tag."""

from itertools import chain

import pytest

from chat.services import conversations
from tests.api.client import Person, problem, wrong_fields

LIST = "/api/conversations/"


def ids(found: list[dict[str, int]]) -> list[int]:
    return [one["id"] for one in found]


def walk(person: Person, path: str | None) -> list[list[int]]:
    """The ids of each page, by the links."""
    pages = []
    while path:
        response = person.get(path)
        assert response.status_code == 200
        pages.append(ids(response.json()))
        path = response.links["next"]["url"] if "next" in response.links else None
    return pages


@pytest.fixture
def talks(ali: Person, sara: Person) -> list[str]:
    """Paths of five conversations, the latest last."""
    return [ali.begin(sara) for _ in range(5)]


def id_of(path: str) -> int:
    return int(path.split("/")[-2])


def test_pages_make_the_whole_list(ali: Person, talks: list[str]) -> None:
    """Each conversation once and as in the list; a page that is the last one says so."""
    whole = ali.get(LIST)
    assert ids(whole.json()) == [id_of(path) for path in reversed(talks)]
    assert "link" not in whole.headers
    for limit, sizes in ((1, [1] * 5), (2, [2, 2, 1]), (4, [4, 1]), (5, [5]), (200, [5])):
        pages = walk(ali, f"{LIST}?limit={limit}")
        assert [len(page) for page in pages] == sizes
        assert [*chain(*pages)] == ids(whole.json())
    assert ali.get(LIST + "?limit=200").json() == whole.json()


def test_what_becomes_active_moves_to_the_first_page_and_moves_no_other(
    ali: Person, talks: list[str]
) -> None:
    """Between two pages: none comes twice, and of those that stayed behind none is left out."""
    first = ali.get(LIST + "?limit=2")
    ali.say(talks[0], "the oldest")
    ali.say(talks[4], "one that was there")
    ali.begin()
    rest = walk(ali, first.links["next"]["url"])
    assert rest == [[id_of(talks[2]), id_of(talks[1])]]
    assert ids(ali.get(LIST + "?limit=3").json())[1:] == [id_of(talks[4]), id_of(talks[0])]


def test_conversations_of_one_moment_keep_an_order(ali: Person, talks: list[str]) -> None:
    """By their ids: a page that ends among them is followed by the others."""

    async def at_once() -> None:
        async with ali.api.app.ctx.payam.database.transaction() as transaction:
            await transaction.execute(
                "UPDATE conversations SET active_at = 5 WHERE created_by = ?", (ali.id,)
            )

    ali.api.run(at_once())
    assert [*chain(*walk(ali, LIST + "?limit=2"))] == [id_of(path) for path in reversed(talks)]


@pytest.mark.parametrize(
    "cursor", ["", "1", "1.", ".1", "1.1.1", "a.b", "-1.1", "9" * 19 + ".1", "۱.۱", "1.1\n"]
)
def test_a_cursor_is_one_that_a_link_gave(ali: Person, cursor: str) -> None:
    """400 that names it."""
    assert wrong_fields(ali.get(LIST, params={"limit": 2, "cursor": cursor})) == {"cursor"}
    assert wrong_fields(ali.get(LIST, params={"limit": 0})) == {"limit"}


def test_a_list_that_is_streamed_has_all_in_order(
    ali: Person, talks: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """In parts of two here, and the same as at once."""
    at_once = ali.get(LIST).json()
    for module in ("chat.services.conversations", "chat.api.conversations"):
        monkeypatch.setattr(f"{module}.LIST_PART", 2)
    streamed = ali.get(LIST)
    assert streamed.headers["transfer-encoding"] == "chunked"
    assert streamed.json() == at_once
    assert len(at_once) == len(talks) > conversations.LIST_PART


@pytest.mark.parametrize("path", [LIST, LIST + "?limit=2", "one"])
def test_who_has_the_present_answer_is_not_sent_it_again(
    ali: Person, sara: Person, talks: list[str], path: str
) -> None:
    """304 until anything in it is another; the tag is the reader's own."""
    path = talks[-1] if path == "one" else path

    def tag() -> str:
        answer = ali.get(path)
        assert answer.headers["cache-control"] == "private, no-cache"
        found: str = answer.headers["etag"]
        for given in (found, f'"other", W/{found}'):
            unchanged = ali.get(path, headers={"If-None-Match": given})
            assert (unchanged.status_code, unchanged.content) == (304, b"")
            assert unchanged.headers["etag"] == found
            assert unchanged.headers.get("link") == answer.headers.get("link")
        return found

    seen = [tag()]
    said = ali.say(talks[-1], "hello")
    seen.append(tag())
    sara.post(talks[-1] + "read/", {"message_id": said["id"]})  # which takes no number
    seen.append(tag())
    sara.post(talks[-1] + "messages/", {"content": "yes?"})
    seen.append(tag())
    ali.patch(talks[-1], {"title": "سفر"})
    seen.append(tag())
    ali.post(talks[-1] + "support_ticket/", {"subject": "lost"})
    seen.append(tag())
    assert len(set(seen)) == len(seen)
    assert ali.get(path, headers={"If-None-Match": seen[0]}).status_code == 200
    assert sara.get(path).headers["etag"] not in seen


def test_a_tag_opens_nothing(ali: Person, stranger: Person, conversation: str) -> None:
    """404 to a stranger, whatever tags they send."""
    tag = ali.get(conversation).headers["etag"]
    for given in (tag, "*"):
        problem(stranger.get(conversation, headers={"If-None-Match": given}), 404, "not_found")


def test_the_list_is_filtered(ali: Person, sara: Person, talks: list[str]) -> None:
    """By one's own settings, and by what is direct; whole and in pages; nothing else is taken."""
    direct = ali.post(LIST, {"participants": [sara.id], "direct": True}).json()["id"]
    pinned, muted, both = (id_of(path) for path in talks[:3])
    far = "9999-01-01T00:00:00Z"
    ali.patch(f"{LIST}{pinned}/me/", {"pinned": True})
    ali.patch(f"{LIST}{muted}/me/", {"muted_until": far})
    ali.patch(f"{LIST}{both}/me/", {"pinned": True, "muted_until": far, "archived": True})
    everything = set(ids(ali.get(LIST).json()))
    for query, found in (
        ("pinned=true", {pinned, both}),
        ("muted=true", {muted, both}),
        ("direct=true", {direct}),
        ("pinned=false&muted=false", everything - {pinned, muted, both}),
        ("pinned=true&archived=false", {pinned}),
    ):
        assert set(ids(ali.get(f"{LIST}?{query}").json())) == found
        pages = walk(ali, f"{LIST}?{query}&limit=1")
        assert {one for page in pages for one in page} == found
    assert sara.get(f"{LIST}?pinned=true").json() == []
    for wrong in ("pinned=yes", "muted=", "unread=true", "pinned=true&pinned=true"):
        assert wrong_fields(ali.get(f"{LIST}?{wrong}")) == {wrong.partition("=")[0]}
