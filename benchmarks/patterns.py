"""Time of every rule on text made to be slow for it: 64 KiB of repeated almost-matches, best of three runs.

    python benchmarks/patterns.py [--rows 15] [--size 65536] [--out FILE]

A rule's time is that of `rule.run` with this rule alone: its gate, its pattern in the gate's windows, its check and its
context; beside it the time of gate and pattern, which is what an adversary controls: the rest is spent once for each match.
The texts are seeds repeated to the size in UTF-8. Seeds are digits, separators, labels and almost-matches of each kind of
identifier, and strings derived from each rule: its literals, its true examples in the tests of the recognizers, whole and
cut in half, alone and after a word that its gate asks for. First every seed is
repeated to a sixteenth of the size; the five that are slowest for a rule then run at the full size, CPU time, best of
three. Prints Markdown.
"""

import argparse
import ast
import heapq
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from govern import detect, policy
from govern.recognizers import rule

BEST_OF = 3
TIMEOUT_S = 10.0
SCREEN, KEPT = 16, 5
"""The first pass is so many times smaller, and so many seeds of it are measured at the full size."""

TESTS = Path(__file__).parent.parent / "tests" / "govern"

DIGITS = ("1", "12", "0", "9 ", "1-", "1.", "12 34 ", "123-", "1234 ", "123-45-", "12345678 ", "1 2 3 4 ", "010-",
          "+82 ",
          "4111 ", "4111-1111-1111-111", "900101-", "900101-1", "900101 1", "123456-", "20240101", "2024-01-01 ",
          "(02) ",
          "1,234,567", "1.2.3.4.", "1:2:", "a1", "1a", "A1b2", "AA11", "12가 ", "12가3456", "123가")  # fmt: skip
SEPARATORS = (" ", "-", ".", ",", "\n", "\t", ": ", "- ", " - ", "|", " | ", "/", "(", ")", "((", "()", "@", "a@",
              "@a.",
              "a.", "://", "a://", "?a=", "&", "=", "_", "__", "<", "'", '"', "\x00", "*", "•", "$", "%", "#", "\\",
              "+",
              "::", ":a:", "[", "[::", "{", "-----BEGIN ", "{{", "${")  # fmt: skip
LETTERS = ("a", "A", "aB", "가", "가 ", "가나", "Ab ", "Abc ", "a b ", "the ", "AAAA ", "AAAAAAAA", "A-", "a-", "eyJ",
           "sk-", "xox",
           "0x", "ab12", "Ro ", "Oak ", "One ", "1 Oak ", "1 Oak Lane ", "12 Oak Lane, ", "서울 ", "서울시 강남구 ", "동 ",
           "로 1",
           "길 1", "역삼동 1", "테헤란로 1", "1동 1호 ", "101동 ", "제", "제1조", "은행 ", "계좌 ", "신한 1")  # fmt: skip
LABELS = (
    "SSN ", "SSN: ", "EIN ", "passport ", "passport no. ", "여권 ", "여권번호 ", "driver's license ",
    "DL# ", "운전면허 ",
    "면허 ", "account ", "account number ", "acct. ", "계좌번호 ", "미국 ", "미국 은행 ", "routing ", "IBAN ",
    "SWIFT ", "BIC ",
    "card ", "card number ", "카드 ", "CVV ", "security code ", "PIN ", "pin code ", "비밀번호 ", "비밀번호는 ",
    "phone ", "tel ",
    "전화 ", "전화번호 ", "customer ", "customer id ", "client-", "고객번호 ", "policy ", "loan ",
    "증권번호 ", "주민등록번호 ",
    "앞자리 ", "뒷자리 ", "법인등록번호 ", "사업자등록번호 ", "생년월일 ", "date of birth ", "born ", "born in A",
    "출생 ", "생일 ",
    "주소 ", "address ", "lives at ", "home address ", "api key ", "secret ", "token=", "password: ", "api-key=",
    "ci ", "di ",
    "건강보험 ", "증번호 ", "차량 ", "ip ", "mac ", "wallet ", "at ", " dot ", "(at) ", "골뱅이", "메일 ", "CUSIP ",
    "ISIN ", "LEI ",
    "$", "₩", "USD ", "억 ", "조 ", "원 ", "%", "Q1 ", "FY", "제1조제1항 ", "Article ", "Section ", "§ ",
    "File No. ", "No. ",
)  # fmt: skip
LITERAL = re.compile(r"[A-Za-z가-힣][A-Za-z가-힣' -]{1,24}[A-Za-z가-힣]")


def seeds() -> Iterator[tuple[str, str]]:
    """A name and the string that is repeated."""
    for group in (DIGITS, SEPARATORS, LETTERS, LABELS):
        for seed in group:
            yield repr(seed), seed
    for label in LABELS:
        for digits in ("1", "12 ", "123-45-678", "1234567890", "12-", "A1", "가", "(", "a"):
            yield f"{label!r} and {digits!r}", label + digits
    for left in ("1", "a", "가", "A1"):
        for right in SEPARATORS:
            yield repr(left + right), left + right


def examples() -> Iterator[tuple[str, str]]:
    """Strings of the recognizers' tests that hold a digit or an `@`, whole and their first halves, by file and line."""
    seen = set()
    for path in sorted(TESTS.glob("test_recognizers_*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and 3 < len(node.value) < 160:
                text = node.value
                if text not in seen and re.search("[0-9@]", text):
                    seen.add(text)
                    name = f"{path.stem.removeprefix('test_recognizers_')}:{node.lineno}:{node.col_offset}"
                    yield f"example {name}", text + " "
                    yield f"example {name}, first half", text[: len(text) // 2 + 1]


def literals(item: rule.Compiled) -> Iterator[tuple[str, str]]:
    """Words that stand in a rule's pattern and gate, alone and before digits."""
    gate = item.rule.gate
    source = item.rule.pattern + (gate.pattern if isinstance(gate, re.Pattern) else "")
    for word in dict.fromkeys(LITERAL.findall(source.replace("\\b", "|").replace(" ?", " "))[:24]):
        yield f"its word {len(word)} signs long", word + " "
        yield f"its word {len(word)} signs long and 1", word + "1"
        yield f"its word {len(word)} signs long and digits", word + " 12-345-6789 "


def filled(seed: str, size: int) -> str:
    """`seed` again and again, `size` bytes of UTF-8."""
    return seed * (size // len(seed.encode(errors="surrogatepass")))


def took(item: rule.Compiled, text: str) -> float:
    """CPU seconds of one rule on a text."""
    alone = rule.Rules([item])
    begin = time.process_time()
    for _ in rule.run(alone, text, TIMEOUT_S):
        pass
    return time.process_time() - begin


def searched(item: rule.Compiled, text: str) -> float:
    """CPU seconds of its gate and pattern on a text."""
    alone = rule.Rules([item])
    begin = time.process_time()
    for start, end in alone.gates.windows(text)[rule.opening(item)]:
        for _ in item.pattern.finditer(text, start, end, timeout=TIMEOUT_S):
            pass
    return time.process_time() - begin


def best(clock: Callable[[rule.Compiled, str], float], item: rule.Compiled, text: str) -> float:
    """The shortest of three times: the rest is what else ran on the machine."""
    return min(clock(item, text) for _ in range(BEST_OF))


def measure(rules: tuple[rule.Compiled, ...], size: int) -> list[tuple[float, float, str, str]]:
    """The slowest seed of each rule: seconds of gate and pattern, of all, the rule, the seed's name; slowest first."""
    shared = [(name, seed, filled(seed, size // SCREEN)) for name, seed in (*seeds(), *examples())]
    rows = []
    for number, item in enumerate(rules):
        own = [(name, seed, filled(seed, size // SCREEN)) for name, seed in literals(item)]
        screened = [(took(item, text), name, seed) for name, seed, text in (*shared, *own)]
        slowest = [(name, filled(seed, size)) for _, name, seed in heapq.nlargest(KEPT, screened)]
        pattern, whole = (max((best(clock, item, text), name) for name, text in slowest) for clock in (searched, took))
        rows.append((pattern[0], whole[0], f"{item.rule.name} ({item.rule.entity_type}, {number})", pattern[1]))
    return sorted(rows, reverse=True)


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=15)
    parser.add_argument("--size", type=int, default=65_536, help="bytes")
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    detector = detect.build(policy.load("default"))
    rules = (*detector.rules.items, *detector.financial)
    rows = measure(rules, arguments.size)
    count = sum(1 for _ in (*seeds(), *examples()))
    lines = [
        "# The slowest text for each pattern\n",
        f"`python benchmarks/patterns.py --rows {arguments.rows}`: {len(rules)} rules, {count} seeds for all and each rule's",
        f"own words, {arguments.size:,} bytes of a seed repeated; CPU time, best of three, slowest first. Gate and pattern are",
        "what hostile text can slow; check and context run once for each match, some thousands of times in such a text.\n",
        "| rule | gate and pattern, ms | with check and context, ms | seed |\n|---|---:|---:|---|",
    ]
    lines.extend(
        f"| {name} | {pattern * 1000:.0f} | {whole * 1000:.0f} | {seed.replace('|', 'bar')} |"
        for pattern, whole, name, seed in rows[: arguments.rows]
    )
    if arguments.out is None:
        print("\n".join(lines))
    else:
        arguments.out.write_text("\n".join(lines) + "\n", "utf-8")


if __name__ == "__main__":
    main()
