use super::*;

/// Takes some notes and then fails, which stops the import between two batches.
struct FailsAfter(usize);

impl NoteSink for FailsAfter {
    fn note(&mut self, _file: &str, _record: RecordType, _note: &Note) -> io::Result<()> {
        self.0 = self.0.checked_sub(1).ok_or_else(|| io::Error::other("the disk is full"))?;
        Ok(())
    }
}

#[tokio::test]
async fn an_import_that_failed_midway_is_run_again_and_ends_in_the_same_state() {
    let undisturbed = World::new().await;
    undisturbed.copy_example();
    undisturbed.import().await;
    let expected = undisturbed.state().await;

    let world = World::new().await;
    world.copy_example();
    for notes in [0, 20, 2_000, 4_000] {
        let result =
            world.importer().run(&world.path("mapping.toml"), &NoProgress, &mut FailsAfter(notes)).await;
        assert!(matches!(result, Err(ImportError::Notes(_))));
        assert!(world.state().await.len() < expected.len());
    }
    world.import().await;
    assert_eq!(world.state().await, expected);
}

#[tokio::test]
async fn an_import_that_is_dropped_midway_is_run_again_and_ends_in_the_same_state() {
    let undisturbed = World::new().await;
    undisturbed.copy_example();
    undisturbed.import().await;

    let world = World::new().await;
    world.copy_example();
    for polls in [30, 150, 400] {
        let mut notes = NoNotes;
        let path = world.path("mapping.toml");
        let importer = world.importer();
        let mut import = Box::pin(importer.run(&path, &NoProgress, &mut notes));
        // The worker may have to move it to another thread.
        fn assert_send<T: Send>(_: &T) {}
        assert_send(&import);
        let mut left = polls;
        // Wherever it waits for the database the n-th time, it is gone.
        let finished = std::future::poll_fn(|context| {
            left -= 1;
            if left == 0 {
                return std::task::Poll::Ready(false);
            }
            import.as_mut().poll(context).map(|_| true)
        })
        .await;
        assert!(!finished, "the import was over before it could be dropped");
    }
    world.import().await;
    assert_eq!(world.state().await, undisturbed.state().await);
}
