"""The form of `extension.json`, versions 1 to 3: every field, its type, and no other field.

A record is read before anybody's signature is checked, so nothing may follow from a field of the wrong kind but a sentence.
What the fields say is not judged here: `vocab.check` proves that.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from vocab.errors import VocabError

Count = Annotated[int, Field(ge=0)]
Digest = Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")]
Single = Literal["added", "already single"]
Other = Literal["cut", "not single", "bytes missing"]
OtherThree = Other | Literal["over budget", "unusable", "changed", "special", "too long", "no cut", "lengthens"]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class _Base(_Part):
    family: Literal["byte-level BPE"]
    sha256: Digest
    content: Digest
    vocab_size: Count
    next_id: Count
    moved_added_tokens: list[str]


class _Tokenizer(_Part):
    sha256: Digest
    next_id: Count


class _List(_Part):
    name: str
    sha256: Digest
    lines: Count


class _Variant(_Part):
    text: str = Field(min_length=1)
    status: Single | Other
    id: Count | None


class _Term(_Part):
    term: str
    category: str
    place: str
    status: Single | Other | Literal["partly added", "rejected"]
    reason: str
    variants: list[_Variant]


class _NewId(_Part):
    id: Count
    token: str
    kind: Literal["term", "scaffold"]
    base_ids: list[Count] = Field(min_length=1)


class _Position(_Part):
    context: str
    tried: Count
    single_base: Count
    single_extended: Count


class _OnText(_Part):
    documents: Count
    documents_longer: Count
    documents_shorter: Count
    tokens_base: Count
    tokens_extended: Count
    decoded_otherwise: Count
    not_round_trip: Count


class _Leak(_Part):
    pretokens: Count
    occurrences: Count
    changed_pretokens: Count
    changed_occurrences: Count
    longer_pretokens: Count
    by_id: list[Annotated[list[Count], Field(min_length=2, max_length=2)]]


class _Proof(_Part):
    base_ids: Count
    base_ids_changed: Count
    new_ids: Count
    scaffold_ids: list[Count]
    unreachable_ids: list[Count]
    merges: Count
    merges_out_of_order: Count
    missing_bytes: Count
    positions: list[_Position]
    fuzz: _OnText
    corpus: _OnText
    leak: _Leak


class _Numbers(_Part):
    policy: Literal["single", "l2r3", "r2l3", "runs", "with letters", "other"]
    new_ids: Count
    not_single: list[str]
    cut_otherwise: Count
    corpus: _OnText | None


class _Terms(_Part):
    kind: Literal["assay-extended-tokenizer"]
    profile: Literal["portable"]
    tokenizer: _Tokenizer
    certificate: Digest
    term_lists: list[_List]
    terms: list[_Term]
    scaffold_ids: list[Count]
    merges: Count


class _Record(_Terms):
    format_version: Literal[1]
    base: _Base
    new_ids: list[_NewId]
    proof: _Proof


class _Changed(_Base):
    replaced: dict[Literal["pre_tokenizer"], dict[str, Any]]


class _AnyNewId(_NewId):
    kind: Literal["term", "scaffold", "number"]  # type: ignore[assignment]


class _ProofOfBoth(_Proof):
    numbers: _Numbers | None


class _RecordTwo(_Terms):
    format_version: Literal[2]
    digits: Literal["keep", "r2l3"]
    base: _Changed
    new_ids: list[_AnyNewId]
    proof: _ProofOfBoth


class _TermList(_Part):
    name: str
    sha256: Digest
    terms: Count


class _Parts(_Part):
    pre_tokenizer: dict[str, Any] | None = None
    ignore_merges: bool | None = None


class _BaseThree(_Base):
    family: Literal[  # type: ignore[assignment]
        "byte-level BPE",
        "SentencePiece-style BPE",
        "Unigram",
        "WordPiece",
        "SentencePiece BPE",
        "SentencePiece Unigram",
    ]
    replaced: _Parts


class _TokenizerThree(_Tokenizer):
    file: str = Field(pattern=r"^(tokenizer\.json|[\w.+-]+\.model)$")


class _IsolatedVariant(_Part):
    text: str = Field(min_length=1)
    status: Single | OtherThree
    id: Count | None


class _CountedTerm(_Part):
    term: str
    category: str
    place: str
    mined: bool
    count: Count
    documents: Count
    status: Single | OtherThree | Literal["partly added", "rejected"]
    reason: str
    variants: list[_IsolatedVariant]


class _NewIdThree(_Part):
    id: Count
    token: str
    kind: Literal["term", "scaffold", "number", "tag"]
    base_ids: list[Count] = Field(min_length=1)


class _Drift(_Part):
    documents: Count
    broken: list[str]


class _Tags(_Part):
    new_ids: Count
    not_single: Count


class _Export(_Part):
    engine: Literal["tiktoken", "tokenizers"]
    files: list[Literal["tokenizer.json", "tokenizer.tiktoken", "tiktoken.json"]]
    refused: str


class _OnTextThree(_OnText):
    unread: Count


class _NumbersThree(_Numbers):
    corpus: _OnTextThree | None


class _ProofThree(_ProofOfBoth):
    fuzz: _OnTextThree
    corpus: _OnTextThree
    numbers: _NumbersThree | None


class _ProofByMerges(_ProofThree):
    drift: None
    tags: _Tags | None


class _ProofByIsolating(_ProofThree):
    leak: None  # type: ignore[assignment]
    drift: _Drift
    tags: _Tags | None


class _RecordThree(_Part):
    format_version: Literal[3]
    kind: Literal["assay-extended-tokenizer"]
    digits: Literal["keep", "r2l3"]
    budget: Count | None
    particles: Count
    base: _BaseThree
    tokenizer: _TokenizerThree
    certificate: Digest
    term_lists: list[_TermList]
    terms: list[_CountedTerm]
    new_ids: list[_NewIdThree]
    scaffold_ids: list[Count]
    merges: Count
    exports: list[_Export]


class _Portable(_RecordThree):
    profile: Literal["portable"]
    proof: _ProofByMerges


class _Exact(_RecordThree):
    profile: Literal["exact"]
    proof: _ProofByIsolating


def _form(value: dict[str, Any]) -> type[_Part]:
    if value["format_version"] < 3:
        return _Record if value["format_version"] == 1 else _RecordTwo
    return _Exact if value.get("profile") == "exact" else _Portable


def require(value: dict[str, Any], where: str) -> None:
    """Returns where `value` has the form of an extension's record.

    Raises:
        VocabError: naming `where` and the first field that has not.
    """
    try:
        _form(value).model_validate(value)
    except ValidationError as error:
        place = ".".join(str(part) for part in error.errors(include_url=False, include_input=False)[0]["loc"])
        raise VocabError(
            f"{where}: field '{place}' is missing, unknown or malformed; restore the file or extend again"
        ) from None
