"""The figures of a summary, from verdicts and true times, as docs/measurement.md and docs/json.md define them."""

import math

from truth.judge import ERRORS


def loss_periods(verdicts):
    """RFC 3357; failed and unfinished probes are not in `verdicts`. None without loss."""
    lost = [at for at, verdict in enumerate(verdicts) if verdict == "timed_out"]
    if not lost:
        return None
    runs = []
    for before, at in zip([None, *lost], lost):
        if before is not None and at == before + 1:
            runs[-1] += 1
        else:
            runs.append(1)
    return {"count": len(runs), "longest": max(runs), "mean": len(lost) / len(runs)}


def reordering(numbers):
    """RFC 4737, of the numbers of received probes in the order in which their answers came."""
    expected, reordered, extent_max = -1, 0, 0
    for place, number in enumerate(numbers):
        if number > expected:
            expected = number
            continue
        reordered += 1
        first = next(at for at, other in enumerate(numbers) if other > number)
        extent_max = max(extent_max, place - first)
    return {"arrivals": len(numbers), "reordered": reordered, "extent_max": extent_max}


def variation(rtts):
    """RFC 3393: `rtts` in the order of probes, None where there is none."""
    changes = [b - a for a, b in zip(rtts, rtts[1:]) if a is not None and b is not None]
    if not changes:
        return None
    return {
        "count": len(changes),
        "min_ns": min(changes),
        "max_ns": max(changes),
        "mean_abs_ns": sum(map(abs, changes)) / len(changes),
    }


def distribution(rtts):
    """`rtts` in the order in which the answers came."""
    if not rtts:
        return None
    mean = sum(rtts) / len(rtts)
    ewma, jitter = rtts[0], 0.0
    for before, rtt in zip(rtts, rtts[1:]):
        ewma += (rtt - ewma) / 8
        jitter += (abs(rtt - before) - jitter) / 16
    return {
        "count": len(rtts),
        "min_ns": min(rtts),
        "mean_ns": mean,
        "max_ns": max(rtts),
        "deviation_ns": math.sqrt(sum((rtt - mean) ** 2 for rtt in rtts) / len(rtts)),
        "last_ns": rtts[-1],
        "ewma_ns": ewma,
        "jitter_ns": jitter,
    }


def nearest_rank(rtts, percent):
    return sorted(rtts)[max(0, math.ceil(percent / 100 * len(rtts)) - 1)]


def loss(verdicts):
    judged = [verdict for verdict in verdicts if verdict in ERRORS | {"reply", "timed_out"}]
    return {"judged": len(judged), "lost": judged.count("timed_out")}
