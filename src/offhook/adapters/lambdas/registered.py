"""Functions as flows call them on a server: whatever the registry has under the name, within the account's limits.

Satisfies `Functions` of drivers/ports.py.
"""

from collections.abc import Callable
from concurrent.futures import Future

import msgspec

from offhook.adapters.lambdas import answer
from offhook.adapters.lambdas.host import LambdaHost
from offhook.adapters.lambdas.invoker import Invoker
from offhook.adapters.lambdas.reference import Reference
from offhook.adapters.lambdas.refusal import Refusal
from offhook.adapters.lambdas.registry import Registry
from offhook.model.effect import InvokeLambda
from offhook.model.event import LambdaEnded

_CAUSES = {"ResourceNotFoundException": "not_found", "TooManyRequestsException": "throttled"}


class Registered:
    """See the module. `secrets_of` a contact are hidden where the log says what a function has written."""

    def __init__(
        self,
        registry: Registry,
        invoker: Invoker,
        host: LambdaHost,
        secrets_of: Callable[[str], tuple[str, ...]] = lambda contact_id: (),
    ) -> None:
        self._registry = registry
        self._invoker = invoker
        self._host = host
        self._secrets_of = secrets_of

    def invoke(self, effect: InvokeLambda) -> "LambdaEnded | Future[LambdaEnded]":
        reference = Reference(effect.function, effect.version or effect.qualifier)
        try:
            target = self._registry.target(reference, request_id=effect.request_id)
            payload = msgspec.Raw(msgspec.json.encode(effect.event))
            return self._invoker.begin(
                target, payload, request_id=effect.request_id, id=effect.id, timeout_ms=effect.timeout_ms,
                secrets=self._secrets_of(effect.id.rpartition("/")[0]),
            )  # fmt: skip
        except Refusal as refusal:
            return answer.refused(effect, _CAUSES.get(refusal.code, "service"), refusal.message)

    def close(self) -> None:
        self._host.close()
