"""When a failed invocation is tried again: arithmetic only; which failures qualify is the block's business."""

from offhook.model.instance import LambdaPolicy


def next_delay_ms(policy: LambdaPolicy, *, attempt: int, left_ms: int) -> int | None:
    """Pause after attempt number `attempt` (from 1), or None when retries or time are used up.

    A pause that leaves no time for the attempt after it is not made. The last pause repeats where there are more
    retries than pauses; without any, the next attempt follows at once.
    Source: adminguide/connect-lambda-functions.html (up to 3 retries, all inside the limit); the pauses are ours.
    """
    if attempt > policy.retries:
        return None
    pauses = policy.backoff_ms or (0,)
    pause_ms = pauses[min(attempt, len(pauses)) - 1]
    return pause_ms if pause_ms < left_ms else None
