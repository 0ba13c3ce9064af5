"""An ontology of another domain, three classes of disaster and their words, gives events with roles and no code."""

from pathlib import Path

import pytest

from tests.test_events import read, told

DISASTERS = Path(__file__).parent / "cases" / "disasters"
EX = "https://example.org/disasters#"

SENTENCES = [
    ("A strong earthquake in Nepal killed 8,000 people.", "Earthquake", {"place": ["Nepal"], "killed": 8000}),
    ("An earthquake struck near Port-au-Prince in 2010.", "Earthquake", {"date": "2010"}),
    ("At least 40 people died in a quake in Iran.", "Earthquake", {"place": ["Iran"], "killed": 40}),
    ("The earthquake damaged thousands of houses in Turkey.", "Earthquake", {"place": ["Turkey"]}),
    ("Floods in Pakistan killed 1,700 people in 2022.", "Flood", {"place": ["Pakistan"], "killed": 1700, "date": "2022"}),
    ("The river flooded two villages in Bangladesh.", "Flood", {"affected": ["two villages"], "place": ["Bangladesh"]}),
    ("Flash floods destroyed a bridge near Derna.", "Flood", {"affected": ["a bridge"]}),
    ("Soldiers rescued 30 villagers from a valley in India.", "Rescue", {"rescuer": ["Soldiers"], "rescued": ["30 villagers"]}),
    ("The Red Cross evacuated patients from a hospital in Gaza.", "Rescue", {"rescuer": ["Red Cross"], "rescued": ["patients"]}),
    ("Two children were rescued by Turkish firefighters.", "Rescue", {"rescuer": ["Turkish firefighters"], "rescued": ["Two children"]}),
]  # fmt: skip


@pytest.mark.parametrize(("text", "cls", "wanted"), SENTENCES, ids=[text[:30] for text, _, _ in SENTENCES])
def test_a_sentence_tells_its_event(text: str, cls: str, wanted: dict[str, object]) -> None:
    extraction = read(text, DISASTERS)
    events = [told(extraction, event) for event in extraction.events if event.cls == EX + cls]

    assert len(events) == 1
    found = {name.removeprefix(EX): value for name, value in events[0].items()}
    assert {name: found.get(name) for name in wanted} == wanted
