# Aliases: slim images have no make, so ./run is the real thing.
.PHONY: run test ci locks

run:
	./run

test:
	./run test

ci:
	./.ci/run

locks:
	./requirements/compile
