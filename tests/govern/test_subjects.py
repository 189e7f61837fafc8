"""Which names of a document are one person's."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from govern.subjects import MANY, linked


@pytest.mark.parametrize(
    ("names", "links"),
    [
        (["john smith", "smith"], {"smith": "john smith"}),
        (["john smith", "j. smith", "john"], {"j. smith": "john smith", "john": "john smith"}),
        (["smith, john", "john smith", "smith"], {"smith": "john smith", "smith, john": "john smith"}),
        (["john smith", "john a. smith", "smith"], {"john smith": "john a. smith", "smith": "john a. smith"}),
        (["john smith", "jane smith", "smith", "john"], {"john": "john smith"}),
        (["john smith", "smithson", "jones"], {}),
        (["john smith", "j. jones", "s"], {}),
        (["홍길동", "홍", "길동"], {"홍": "홍길동", "길동": "홍길동"}),
        (["홍길동", "홍길순", "홍", "길순"], {"길순": "홍길순"}),
        (["남궁민수", "남궁"], {"남궁": "남궁민수"}),
        (["김건", "김"], {"김": "김건"}),
        ([], {}),
    ],
)
def test_a_part_is_linked_to_the_one_person_that_it_can_name(names, links) -> None:
    assert linked(names) == links


NAMES = ["john smith", "smith", "j. smith", "jane smith", "홍길동", "홍", "길동", "john b. smith"]


@given(st.lists(st.sampled_from(NAMES), max_size=8))
def test_order_and_repetition_change_nothing(names) -> None:
    """And nothing is linked to itself or to what is linked on."""
    links = linked(names)
    assert links == linked(reversed(names)) == linked(names + names)
    assert all(full in names and full != name for name, full in links.items())
    assert not set(links.values()) & links.keys()


def test_a_family_of_very_many_is_linked_to_none():
    """And many names take little time: each is compared with those that share a word of it."""
    many = [f"given{number} kim" for number in range(MANY + 1)]
    assert linked([*many, "g. kim", "given7"]) == {"given7": "given7 kim"}
    assert linked([f"given{number} family{number}" for number in range(20_000)]) == {}
