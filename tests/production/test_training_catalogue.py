from genaudio.corpus import load_works
from genaudio.production.catalogue import training_catalogue
from genaudio.production.training_catalogue import SPLITS


def test_the_shipped_catalogue_is_what_the_models_have_seen():
    """Fails where the training works were built anew and the catalogue was not."""
    catalogue = training_catalogue()
    works = [work for split in SPLITS for work in load_works(split)]
    assert [record.id for record in catalogue.records] == [work.id for work in works]
    assert len(catalogue.line) == sum(len(work.melody) for work in works)
    for number in range(0, len(works), 101):
        assert catalogue.works[number].melody.pitches == works[number].melody.pitches


def test_held_out_works_are_not_in_it():
    ids = {record.id for record in training_catalogue().records}
    assert not ids & {work.id for work in load_works("test")}
