"""Room: tests.worker.test_growth. A child may be big; it may not grow without end."""

from nas_asr.worker.growth import Growth, machine_bytes, resident_bytes

GIB = 1 << 30


def words(resident: float, engine: str = "sphinx", ours: float = 0) -> dict[str, object]:
    """What a child says after a run, in gibibytes."""
    loaded = [{"engine": engine, "model": "m", "memory_ours": int(ours * GIB)}]
    return {"resident": int(resident * GIB), "loaded": loaded}


def too_much(growth: Growth, *told: dict[str, object]) -> list[bool]:
    """The verdict after each."""
    found = []
    for one in told:
        growth.told(one)
        found.append(growth.too_much)
    return found


def test_twice_the_first_run_and_a_gibibyte_is_too_much() -> None:
    verdicts = too_much(Growth(64 * GIB), words(0.5), words(1.0), words(1.9), words(2.1))
    assert verdicts == [False, False, False, True]


def test_an_engine_that_is_loaded_later_is_no_growth() -> None:
    assert not any(too_much(Growth(64 * GIB), words(0.2), words(6, "fun-asr-nano"), words(6.5, "fun-asr-nano")))


def test_a_small_machine_allows_less_but_never_less_than_the_engine_needs() -> None:
    assert too_much(Growth(4 * GIB), words(1.5), words(3.1), words(3.3)) == [False, False, True]
    assert too_much(Growth(2 * GIB), words(1.8), words(2.2)) == [False, False]


def test_the_card_counts_for_itself() -> None:
    assert too_much(Growth(64 * GIB), words(1, ours=2), words(1, ours=4.5), words(1, ours=5.5)) == [False, False, True]


def test_what_a_child_does_not_tell_is_no_growth() -> None:
    assert too_much(Growth(0), {}, {"resident": 5, "loaded": ["?"]}) == [False, False]


def test_this_program_knows_its_size() -> None:
    assert 0 < resident_bytes() < machine_bytes()
