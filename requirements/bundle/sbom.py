"""States what a bundle holds as a CycloneDX 1.6 document: each wheel, its digest and licence, and what needs what.

The same wheels give the same bytes: no time is stated, and the serial number is made of the digests.
"""

from uuid import NAMESPACE_URL, uuid5

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import HashAlgorithm, HashType, Property
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL
from packaging.utils import canonicalize_name

from .wheelhouse import OWN, needs, reach
from .wheels import Wheel


def build(found: tuple[Wheel, ...], extras: tuple[str, ...]) -> str:
    """The document as JSON; `found` begins with assay's own wheel, which is what the document is about."""
    components = {wheel.name: _component(wheel, index == 0) for index, wheel in enumerate(found)}
    own = components[OWN]
    bom = Bom(
        components=[one for one in components.values() if one is not own],
        serial_number=uuid5(NAMESPACE_URL, "urn:assay:bundle:" + ":".join(wheel.sha256 for wheel in found)),
    )
    bom.metadata.component = own
    bom.metadata.timestamp = None
    wanted = reach({wheel.name: wheel for wheel in found}, extras)
    for wheel in found:
        targets = {canonicalize_name(one.name) for one in needs(wheel, wanted[wheel.name])} - {wheel.name}
        bom.register_dependency(components[wheel.name], [components[target] for target in sorted(targets)])
    text: str = JsonV1Dot6(bom).output_as_string(indent=2)
    return text + "\n"


def _component(wheel: Wheel, about_it: bool) -> Component:
    make = LicenseFactory()
    return Component(
        type=ComponentType.APPLICATION if about_it else ComponentType.LIBRARY,
        name=wheel.name,
        version=wheel.version,
        bom_ref=f"{wheel.name}=={wheel.version}",
        purl=PackageURL("pypi", None, wheel.name, wheel.version, {"file_name": wheel.path.name}),
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=wheel.sha256)],
        licenses=[make.make_from_string(one) for one in wheel.licences],
        properties=[Property(name="assay:built-from", value=wheel.sdist)] if wheel.sdist else [],
    )
