"""Words that no mined term begins or ends with: own lists, all lower case.

Function words of both languages, and words of any written report (*following*, *certain*, *approximately*) that are no
part of a term at its edge. A few may stand inside an English term: *cost of sales*.
"""

ENGLISH = frozenset(
    """
    a about above absent according accordingly across actually additional additionally adequate affect affected
    affecting affects after afternoon again against ago ahead all allow allowed allowing allows almost alone along
    already also although always am america american among amongst an and another any anyone anything appear appears
    appendix applicable apply applying approach appropriate appropriately approved approximate approximately april are
    areas around article as aspect aspects assist at attempt audience august available away b back based basically be
    became because become becomes becoming been before began begin beginning begins behind being believe believed
    believes below beneficial better between beyond big billion billions both bring broad broader broadly but by c
    came can cannot carefully carried carry cause caused causes causing certain certainly change changed changes
    changing chapter chart circumstance circumstances clear clearly close closely come comes coming committed commonly
    compared comparison complete completely concern concerned concerning concerns conclude concluded conclusion
    conduct conducted conducting conference connection consider considerable considerably considered considering
    considers consist consisted consistent consistently consisting consists contain contained containing contains
    context continue continued continues continuing contribute could course currently d data date dated dates day days
    de december decide decided deemed depend depending depends describe described describes description detail
    detailed details determine determined determines determining did differ difference differences different difficult
    directly discuss discussed discussion discussions do document documents does doing done down due during e e-mail
    each earlier early easily edition effect effectively effects effort efforts eight either else elsewhere employed
    enable enabled enables encourage end end-to-end ended ending ends engage engaged enough ensure ensuring enter
    entered entire entirely especially essentially establish established etc even eventually ever every everyone
    evidence exactly example examples exceed exceeded exceeds except exhibit exhibits exist existed existing exists
    expect expected expecting expects experience experienced extent f fact facts fail failed fails fallen falls far
    february feel fell few fewer fifth figure figures file filed filing filings final finally find finding finds first
    five focus focused follow followed following follows footnote for form former forms forth forward found four
    fourth frequently friday from full fully further furthermore future g gained gave general generally get gets
    getting give given gives giving go goes going gone good got great greater greatest greatly grew group groups grow
    growing grows h had half happen happened happens hard has have having he held help helped helpful helping helps
    hence her here hereby herein hereof hereto hers high high-quality high-tech higher highest highly him himself his
    hit hold holding holds how however hundred i idea identified identify if ii iii immediately impact impacted
    impacts implement implemented implementing important importantly improve improved improving in inc include
    included includes including inclusive incorporated increase increased increases increasing increasingly indeed
    indicate indicated indicates individual individuals influence information initial initially inside instance
    instances instead intend intended intends into introduced involve involved involves involving is issue issues it
    item items its itself iv j january job july june just k keep kept key kind kinds know known l large largely larger
    largest last late later latest latter lead leading leads least leave led left less lesser let letter level levels
    light like likely limited lines list listed little long longer look looking lost lot low lower lowest m made main
    mainly maintain maintained maintaining major majority make makes making manner many march material materially
    matter matters may maybe me mean means meant meet meeting meets member members mentioned met might million
    millions minor miss mission moderate moderately modest monday month monthly months more moreover morning most
    mostly move moved moving mr mrs ms much must my n name named namely names nature near nearly necessarily necessary
    need needed needs neither never nevertheless new next nine no nobody none nor not noted nothing november now
    number numbers numerous o objective objectives obtain obtained occur occurred occurring occurs october of off
    offer offered often on once one one-size-fits-all one-third ones ongoing only onto or order orders other others
    otherwise ought our ours ourselves out outcome outcomes outside over overall own owned p page pages paragraph part
    partially particular particularly partly parts past pay people per percent percentage perhaps period periods
    permit permitted person persons place placed places planned play please plus pm portion portions positive possible
    possibly potential potentially practice practices predominantly preliminary prepared presented presently presents
    previous previously primarily principally prior probably problem problems proceed process produce produced
    progress promote proper properly proposed provide provided provides providing purpose purposes pursuant put q
    quarter quarters question questions quickly quite r rapid rapidly rather re reach reached real real-time really
    reason reasonable reasonably reasons receive received recent recently recognize recognized refer reference
    referred refers reflect reflected reflecting reflects regard regarding regardless regards relate related relates
    relating relation relative relatively relevant remain remainder remained remaining remains remarks report reported
    reports represent represented representing represents require required requires requiring respect respective
    respectively respects response result resulted resulting results returned review reviewed rise risen rises rising
    role rose roughly rule rules run s said same saturday saw say saying says schedule second section sections see
    seeing seek seeking seem seemed seems seen sense separate separately september serve served serves set sets
    setting seven several shall shared she should show showed showing shown shows significant significantly similar
    similarly simple simply since single situation situations six slightly small smaller so so-called solely some
    someone something sometimes somewhat soon sort speaker special specific specifically specified speech spring staff
    start started state stated states step steps still strong stronger strongly subject subsequent subsequently
    substantial substantially such sufficient suggest suggested suggests summary summer sunday support supported
    supporting sure t table tables take taken takes taking talk tell ten tend tended than thank thanks that the their
    theirs them themselves then there thereby therefore therein thereof thereto these they thing things think thinking
    third this those though thought thousand thousands three through throughout thursday thus timely time times to today
    together told too took top topic toward towards tried trillion true try trying tuesday turn turned twelve two
    two-thirds type types u ultimately uncertain under underlying understand understanding undertaken united unless
    unlike until up upon us use used useful uses using usual usually v various vary version very via view viewed views
    w want was washington way ways we weakened wednesday week weeks welcome well well-being went were what whatever
    when where whereas whereby whether which while who whole whom whose why wide widely will with within without won
    work worked working works would x y year years yes yet york you your yours z
    """.split()  # noqa: SIM905 (so many words are read more easily so)
)
INSIDE = frozenset({"and", "at", "for", "from", "in", "of", "on", "or", "over", "per", "to"})
"""Of the English words those that may stand inside a term."""

KOREAN = frozenset(
    """
    가능 가능성 가운데 가지 각각 각자 각종 각호 강조 같음 개별 개정 개정규정 거기 거나 것으로 것임 결과 결국 경우 계속
    고려 공포 과거 과정 관계 관련 관점 관한 구분 구체 권리 규정 규칙 그것 그녀 그동안 그들 그때 근거 기간 기록 기본
    기준 기초 기타 까지 나머지 나이 날부터 날짜 내년 내역 내용 내지 누구 다른 다수 다음 다음날 단계 단서 당분간 당시
    당해 대부분 대상 대체 대하여 대한 더욱 동시 동안 동일 따위 때문 또한 마련 마지막 마찬가지 만큼 매년 매우 매월 먼저
    명시 모두 모든 모습 목록 목적 무렵 무엇 문제 물론 바로 바탕 반드시 반면 반영 방법 방식 방안 방향 백만 번째 범위
    법률 별도 별지 별표 본문 본조 본조신설 부분 부칙 부터 불과 비롯 비율 사건 사람 사례 사실 사안 사용 사유 사이 사정
    사항 상기 상당 상당수 상태 상황 새로 생각 서로 서식 선고 설명 성격 성질 세부 소외 수준 시기 시작 시점 시행
    시행규칙 시행령 시행일 신설 실제 십만 아래 아무 아직 앞서 양식 양쪽 어느 언제 얼마 업무 없는 여기 여러 여부 여지
    역시 역할 열거 영향 예정 오늘 오늘날 올해 요건 요청 우리 원고가 원칙 위와 위치 유사 유형 의견 의미 의하여 이것
    이내 이념 이들 이때 이래 이러 이름 이번 이상 이외 이용 이유 이전 이제 이하 이후 인하여 일반 일부 일부개정법률 일정
    일체 있는지 있어서 있음 자기 자신 자체 작년 작용 장소 저희 전문 전문개정 전부 전체 전항 절차 정도 정의 제외 조건
    조문 조치 조항 존부 존재 종료일 종류 종전 종전규정 주요 주장 준용 중요 지금 지난 지난해 지위 직전 직접 질문 차이
    참고 참조 첫째 최근 최대 최소 최초 추가 추진 취지 측면 타당 통상 특별 특정 특히 파악 판단 판시 포함 표시 피고가
    필요 하나 하여 하지 한번 한편 함께 항목 해당 행위 현실 현재 형태 혹은 확보 확인 활동 활용 효과 효력
    """.split()  # noqa: SIM905
)
_NOUNS_IN_LY = frozenset(
    {"anomaly", "assembly", "duopoly", "family", "monopoly", "oligopoly", "quarterly", "rally", "supply"}
)


def at_an_edge(word: str) -> bool:
    """Whether no English term begins or ends with `word`, in lower case: a listed word, a letter alone, or an adverb."""
    return len(word) < 2 or word in ENGLISH or (word.endswith("ly") and word not in _NOUNS_IN_LY)
