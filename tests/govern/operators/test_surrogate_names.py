"""Names: script, language, order, number of words, gender and last sound stay; the person does not."""

import re

import pytest
from faker.providers.person.en_US import Provider as American
from faker.providers.person.ko_KR import Provider as Korean
from hypothesis import given, settings
from hypothesis import strategies as st

from govern.canonical import canonical_value
from govern.draw import Draw
from govern.operators.surrogate import surrogate
from govern.operators.surrogate_pools import korean, western
from govern.operators.surrogate_roman import romanised
from govern.operators.surrogate_shape import ending
from govern.recognizers.korean_names import plausible
from govern.recognizers.words import words

MALE, FEMALE = sorted(Korean.first_names_male), sorted(Korean.first_names_female)
FAMILIES = sorted(Korean.last_names)
ENGLISH_MALE = sorted(set(American.first_names_male) - set(American.first_names_female))
ENGLISH_FEMALE = sorted(set(American.first_names_female) - set(American.first_names_male))
DRAWS = 300


def named(value, seed="a"):
    return surrogate("PERSON", value, Draw(f"{seed}"))


def many(value):
    return {named(value, seed) for seed in range(DRAWS)}


@pytest.mark.parametrize("value", ["김철수", "박영희", "이지", "남궁민수", "황보혜정", "정준"])
def test_a_korean_name_keeps_its_syllables_and_is_a_korean_name(value):
    for name in many(value):
        assert re.fullmatch("[가-힣]+", name)
        assert len(name) == len(value)
        assert name not in words("not_names_ko")
    assert sum(plausible(name, strong=True) for name in many(value)) > 0.99 * len(many(value))


@settings(deadline=None)
@given(family=st.sampled_from(FAMILIES), given_name=st.sampled_from(MALE + FEMALE), seed=st.integers())
def test_a_korean_name_keeps_its_particles_and_its_gender(family, given_name, seed):
    name = named(family + given_name, seed)
    assert ending(name) == ending(given_name)
    assert name[1:] not in (FEMALE if given_name in MALE else MALE)


@settings(deadline=None)
@given(given_name=st.sampled_from(sorted(set(ENGLISH_MALE + ENGLISH_FEMALE))), seed=st.integers())
def test_an_english_name_keeps_its_gender(given_name, seed):
    first, last = named(f"{given_name} whitfield".lower(), seed).split(" ")
    gender = western().gender[given_name.lower()]
    assert last in western().families
    if gender:
        assert western().gender[first.lower()] == gender


@settings(deadline=None)
@given(given_name=st.sampled_from(MALE + FEMALE), seed=st.integers())
def test_a_romanised_name_keeps_its_gender(given_name, seed):
    other = {romanised(name) for name in (FEMALE if given_name in MALE else MALE)}
    same = {romanised(name) for name in (MALE if given_name in MALE else FEMALE)}
    made = (
        named(f"kim {romanised(given_name[0])}-{romanised(given_name[1])}", seed).split(" ")[1].replace("-", "").lower()
    )
    if romanised(given_name) not in other and romanised(given_name) in _alone():
        assert made not in other - same


def _alone():
    genders = {}
    for name, gender in korean().gender.items():
        genders.setdefault(romanised(name), set()).add(gender)
    return {name for name, found in genders.items() if len(found) == 1 and found != {""}}


@pytest.mark.parametrize(
    ("value", "pattern"),
    [
        ("김 철수", "[가-힣] [가-힣]{2}"),
        ("존 스미스", "[가-힣]+ [가-힣]+"),
        ("존·스미스", "[가-힣]+ [가-힣]+"),
        ("제임스", "[가-힣]{3}"),
        ("크리스토퍼", "[가-힣]+"),
        ("김", "[가-힣]"),
        ("민지", "[가-힣]{2}"),
        ("john smith", "[A-Z][a-z]+ [A-Z][a-z]+"),
        ("smith, john", "[A-Z][a-z]+, [A-Z][a-z]+"),
        ("smith, john q.", "[A-Z][a-z]+, [A-Z][a-z]+ [A-Z]\\."),
        ("j. smith", "[A-Z]\\. [A-Z][a-z]+"),
        ("j. r. smith", "[A-Z]\\. [A-Z]\\. [A-Z][a-z]+"),
        ("john s.", "[A-Z][a-z]+ [A-Z]\\."),
        ("john q. smith", "[A-Z][a-z]+ [A-Z]\\. [A-Z][a-z]+"),
        ("john smith, jr.", "[A-Z][a-z]+ [A-Z][a-z]+ Jr\\."),
        ("dr. anne smith", "Dr\\. [A-Z][a-z]+ [A-Z][a-z]+"),
        ("ludwig van beethoven", "[A-Z][a-z]+ [A-Z][a-z]+"),
        ("mary", "[A-Z][a-z]+"),
        ("whitfield", "[A-Z][a-z]+"),
        ("o'brien", "[A-Z][a-z]+"),
        ("anne-marie jones", "[A-Z][a-z]+-[A-Z][a-z]+ [A-Z][a-z]+"),
        ("kim min-jun", "[A-Z][a-z]+ [A-Z][a-z]*-[a-z]+"),
        ("kim minjun", "[A-Z][a-z]+ [A-Z][a-z]+"),
        ("minjun kim", "[A-Z][a-z]+ [A-Z][a-z]+"),
        ("kim, min-jun", "[A-Z][a-z]+, [A-Z][a-z]*-[a-z]+"),
        ("park ji young", "[A-Z][a-z]+ [A-Z][a-z]+ [A-Z][a-z]+"),
        ("金哲洙", "[\u4e00-\u9fff]{3}"),
        ("иван петров", "[A-Z][a-z]+ [A-Z][a-z]+"),
    ],
)
def test_a_name_keeps_script_order_and_words(value, pattern):
    for name in many(value):
        assert re.fullmatch(pattern, name)
        assert name.lower() != value


@pytest.mark.parametrize(
    ("value", "place"), [("kim min-jun", 0), ("min-jun kim", -1), ("lee ji-won", 0), ("kim minjun", 0)]
)
def test_a_romanised_korean_name_stays_one_in_its_order(value, place):
    from govern.operators.surrogate_roman import FAMILIES as ROMAN

    assert all(name.split(" ")[place] in ROMAN.values() for name in many(value))


@pytest.mark.parametrize("value", ["susan kim", "christopher lee", "anna park"])
def test_an_english_given_name_makes_an_english_name(value):
    assert all(set(name.split(" ")[:1]) <= set(western().given[""]) for name in many(value))


@settings(deadline=None)
@given(value=st.text(st.sampled_from("김이박존스민수철jk .,-'’"), min_size=1, max_size=14), seed=st.integers())
def test_a_surrogate_name_is_canonically_another(value, seed):
    value = canonical_value("PERSON", value)
    assert canonical_value("PERSON", named(value, seed)) != value


def test_the_lists_are_sorted_and_large_enough():
    names, english = korean(), western()
    assert all(list(pool) == sorted(set(pool)) for pool in (*names.given.values(), *english.given.values()))
    assert len(names.families) * len(names.given["", ""]) > 40_000
    assert (
        min(len(names.given[gender, end]) for gender in ("male", "female") for end in ("open", "rieul", "closed")) > 80
    )
    assert len(english.families) * len(english.given[""]) > 800_000


def test_every_given_name_that_is_combined_keeps_to_its_gender_in_fakers_lists():
    names = korean()
    assert not set(names.given["male", ""]) & set(FEMALE)
    assert not set(names.given["female", ""]) & set(MALE)
