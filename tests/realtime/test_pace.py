from helpdesk.realtime.pace import Pace


def test_twenty_frames_a_second_are_allowed_and_the_next_is_not() -> None:
    pace = Pace()

    assert [pace.allows(0.5 + frame / 1000) for frame in range(21)] == [True] * 20 + [False]


def test_a_frame_counts_for_one_second_after_its_arrival() -> None:
    pace = Pace()
    for frame in range(20):
        assert pace.allows(frame * 0.04)

    assert not pace.allows(0.99)
    assert pace.allows(1.0)
    assert not pace.allows(1.01)
