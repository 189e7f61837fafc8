"""Names under a heading of a table within a text, and those an e-mail address is shown with."""

import time

import pytest

from govern.recognizers import english_names, korean_names, name_columns

BOTH = ("en", "ko")


def _values(text, languages=BOTH):
    return [(text[hit.start : hit.end], hit.recognizer) for hit in name_columns.find(text, languages)]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Payee | Sort code\nZorvane Quillon | 20-45-12\nA. Quillon | 20-45-12\n", ["Zorvane Quillon", "A. Quillon"]),
        ("id;first;last;branch\n101;Tunrido;Vessop;Leeds\n102;Marnel;Grish;York\n", ["Tunrido", "Vessop", "Marnel", "Grish"]),
        ('Employee,Gross\n"Vessop, Tunrido",5120.00\n"Grish, Marnel",4870.00\n', ["Vessop, Tunrido", "Grish, Marnel"]),
        ("| Client name | Branch |\n|---|---|\n| MARNEL GRISH | Leeds |\n", ["MARNEL GRISH"]),
        ("예금주\t은행\nMarnel Grish\t가람은행\n", ["Marnel Grish"]),
    ],
    ids=["bars", "parts of a name", "quoted, family name first", "drawn table", "Korean heading"],
)
def test_what_stands_under_a_heading_of_people_is_a_person(text, names):
    """Names of no list."""
    assert _values(text) == [(name, "names.en.column") for name in names]


def test_a_korean_column():
    """Also with its syllables apart; a company under the heading stays."""
    text = "예금주(실명)\t은행\t금액\n표은결\t가람은행\t1,000\n홍 길 동\t가람은행\t2,000\n정림건설\t가람은행\t3,000\n"
    assert _values(text) == [("표은결", "names.ko.column"), ("홍 길 동", "names.ko.column")]


@pytest.mark.parametrize(
    "text",
    [
        "Client\tAmount\nKestrel Holdings\t10\nNorthfield Capital Partners\t20\nTotal\t30\n",
        "Payee,City\nOakham Trust Bank,Leeds\nHer Majesty's Revenue & Customs,York\n",
        "Product;Branch\nMarnel Grish;Leeds\n",
        "From,To\nLeeds,York\nMarnel,Vessop\n",
        "The customer, Marnel, and the payee, Grish, met.\nNothing, here, is, a table.\n",
    ],
    ids=["companies", "a bank, an office", "no heading of people", "from and to", "prose"],
)
def test_what_is_no_name_stays(text):
    """Companies under such a heading, and cells under others."""
    assert _values(text) == []


def test_each_language_by_itself():
    """A detector of one language reads no cells of the other."""
    text = "고객명\tPayee\n표은결\tMarnel Grish\n"
    assert _values(text, ("ko",)) == [("표은결", "names.ko.column")]
    assert _values(text, ("en",)) == [("Marnel Grish", "names.en.column")]


def test_time_is_linear_in_the_rows():
    """Twice the rows take about twice the time, not four times."""

    def seconds(rows):
        text = "Payee;Ref\n" + "Marnel Grish;RENT\n" * rows
        begun = time.process_time()
        assert len(_values(text)) == rows
        return time.process_time() - begun

    seconds(1_000)
    assert seconds(40_000) < 3 * seconds(20_000) + 0.05


def test_the_name_an_address_is_shown_with():
    """In headers of e-mail, both ways round and in capitals; a department stays."""
    text = (
        'From: "Zorvane Quillon" <z@mail.example>\nCc: Vessop, Tunrido <v@mail.example>; MARNEL GRISH [mailto:m@mail.example]\n'
        "To: Customer Operations <c@bank.example>, Oakham Bank <o@bank.example>"
    )
    found = [text[hit.start : hit.end] for hit in english_names.find(text) if hit.recognizer == "names.en.address"]
    assert found == ["Zorvane Quillon", "Vessop, Tunrido", "MARNEL GRISH"]
    text = '회신: "표은결" <p@mail.example>, 고객지원 <c@bank.example>'
    found = [text[hit.start : hit.end] for hit in korean_names.find(text) if hit.recognizer == "names.ko.address"]
    assert found == ["표은결"]


def test_an_initial_before_a_known_family_name_belongs_to_it():
    """The initial of the person alone: another one's stays as it was. The second of the four is within the first."""
    text = "Zorvane Quillon called. Z. Quillon signed; B. Quillon did not."
    found = [text[hit.start : hit.end] for hit in english_names.mentions(text, {"Zorvane Quillon"})]
    assert found == ["Zorvane Quillon", "Quillon", "Z. Quillon", "Quillon"]
